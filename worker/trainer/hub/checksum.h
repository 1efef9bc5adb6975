// Whether a file is what a hub's ETag says. Any thread; no state.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <string>
#include <string_view>

namespace xp::trainer {

// Whether an ETag says something about the content: 64 hexadecimal digits are its SHA-256 (large
// files), 40 its git blob SHA-1 (small ones).
bool IsContentHash(std::string_view etag);

// Reads the file and compares; OK for a mark that is no hash, without reading. DATA_LOSS: another
// content, with both sums; FAILED_PRECONDITION: OpenSSL refuses to compute the sum, as it does with
// SHA-1 under some policies; the system's code when the file cannot be opened or read. All name the
// file.
absl::Status CheckContent(const std::filesystem::path& file, const std::string& etag);

}  // namespace xp::trainer
