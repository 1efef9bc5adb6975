// Sizes and CRC-32 of what a checkpoint holds, so that a byte that has changed since is noticed
// before anything of it is used. Any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace xp::trainer {

// {"NAME": {"bytes": N, "crc32": N}} of all files in `dir`. Errors: ErrnoStatus's.
absl::StatusOr<nlohmann::json> SumFiles(const std::filesystem::path& dir);

// DATA_LOSS names the file and, where it is cut, the byte; also for `sums` that SumFiles did not
// make. NOT_FOUND: one is missing. Also ErrnoStatus's.
absl::Status CheckFileSums(const std::filesystem::path& dir, const nlohmann::json& sums);

// Adds "crc32", of the rest of the object.
void Seal(nlohmann::json& object);

// False: another value stands in it than when it was sealed. What was never sealed is whole.
bool IsWhole(const nlohmann::json& object);

}  // namespace xp::trainer
