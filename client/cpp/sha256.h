// SHA-256 as blobs are named: 64 lower-case hex digits. Not thread safe; one object per content.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace xp::client {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  // The digest of all bytes so far. Call once.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view bytes);

struct FileDigest {
  std::string sha256;
  uint64_t size = 0;  // bytes that were hashed
};

// NOT_FOUND, PERMISSION_DENIED or FAILED_PRECONDITION (no regular file), with the path.
absl::StatusOr<FileDigest> HashFile(const std::string& path);

// True for 64 lower-case hex digits.
bool IsSha256Hex(std::string_view text);

}  // namespace xp::client
