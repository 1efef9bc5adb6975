// Whether a file is what a hub's ETag says. Pure, any thread.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <string>

namespace xp::trainer {

// 64 hexadecimal digits are the content's SHA-256 (large files), 40 its git blob SHA-1 (small
// ones); another mark says nothing about the content and is taken. DATA_LOSS names the file and
// both sums.
absl::Status CheckContent(const std::filesystem::path& file, const std::string& etag);

}  // namespace xp::trainer
