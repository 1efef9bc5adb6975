// Page tokens (AIP-158): opaque text that carries where the next page begins and a fingerprint of
// the rest of the request, so that a token of another request is refused instead of giving a page
// of something else. They hold no secret and survive a restart of the server.
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace xp::core {

// Collects what must not change between pages: the method and every field but page_size and
// page_token. The same fields in the same order give the same value in every process.
class RequestFingerprint {
 public:
  explicit RequestFingerprint(std::string_view method) { Add("method", method); }
  RequestFingerprint& Add(std::string_view field, std::string_view value);
  RequestFingerprint& Add(std::string_view field, int64_t value);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;  // FNV-1a, 64 bits
};

// `position` is the store's own, any bytes: e.g. the key after which the page begins.
std::string MakePageToken(std::string_view position, const RequestFingerprint& request);

// The position, or "" for the empty token (the first page). INVALID_ARGUMENT for a token that is
// no token, is damaged, or is another request's.
absl::StatusOr<std::string> ReadPageToken(std::string_view token,
                                          const RequestFingerprint& request);

// What page_size means: 0 is the default, more than the most is the most (proto/limits.h).
// INVALID_ARGUMENT when negative.
absl::StatusOr<int> CheckPageSize(int64_t page_size);

}  // namespace xp::core
