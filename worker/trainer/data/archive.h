// The files of a tar archive, compressed or not (gz, xz, zst, bz2), read once from front to back.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace xp::trainer {

// Whether a path of the archive is wanted; and what is done with its content.
struct ArchiveVisitor {
  std::function<bool(std::string_view path)> wants;
  std::function<absl::Status(std::string_view path, std::string content)> take;
};

// Files beyond 64 MiB are refused: nothing that is a text is larger. UNIMPLEMENTED when xptrain
// was built without libarchive; INVALID_ARGUMENT, with the reason, for a damaged archive.
absl::Status ReadArchive(const std::filesystem::path& path, const ArchiveVisitor& visitor);

}  // namespace xp::trainer
