// Whole files in and out, with errors that name the file. Any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

// A vocabulary beyond this is a corrupt file: the largest published one has 256,000 tokens.
inline constexpr uint64_t kMaxTokenId = 16'000'000;

// As ErrnoStatus; INVALID_ARGUMENT for a folder.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& file);

// INVALID_ARGUMENT with line and column when it is not JSON, or nests more than kMaxJsonNesting
// deep. Of two equal keys the later counts, as in Python. ParseJson names no file.
inline constexpr size_t kMaxJsonNesting = 100;
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text);
absl::StatusOr<nlohmann::json> ReadJson(const std::filesystem::path& file);

// Where `json` nests deeper than `most`; json.size() when nowhere. It need not be whole JSON.
size_t FindDeepNesting(std::string_view json, size_t most);

// Written aside, synced, renamed: a reader sees the old file or the new one, whole. Parents are
// made. RESOURCE_EXHAUSTED: the disk is full; nothing of the new file stays. `write` may stop as
// soon as the stream has failed.
absl::Status WriteFile(const std::filesystem::path& file,
                       const std::function<void(std::ostream&)>& write);
absl::Status WriteFile(const std::filesystem::path& file, std::string_view content);

// Brings a file, or a folder's names, to the disk.
absl::Status SyncPath(const std::filesystem::path& path);

// The same for a file that something else has written: syncs `aside` and renames it to `file`.
absl::Status CommitFile(const std::filesystem::path& aside, const std::filesystem::path& file);

// A copy that shares nothing with `from` for whoever writes into one of them later; where the file
// system can, the blocks are shared until then (FICLONE). As WriteFile for readers and on errors.
absl::Status CopyFile(const std::filesystem::path& from, const std::filesystem::path& to);

// Removes those of `names` from `dir` that are not among `kept`. What is not there is no error.
void RemoveOthers(const std::filesystem::path& dir, const std::vector<std::string>& names,
                  const std::vector<std::string>& kept);

// "NOT_FOUND: cannot open FILE: No such file or directory", from errno. Also PERMISSION_DENIED,
// INVALID_ARGUMENT (a folder, no such name), RESOURCE_EXHAUSTED (disk or memory), else UNAVAILABLE.
absl::Status ErrnoStatus(std::string_view what, const std::filesystem::path& file);

}  // namespace xp::trainer
