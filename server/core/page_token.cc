#include "server/core/page_token.h"

#include <absl/status/status.h>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>

#include "proto/limits.h"
#include "server/core/byte_stream.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

constexpr uint8_t kTokenVersion = 1;
constexpr size_t kTokenMaxBytes = 16 * 1024;

absl::Status NoToken() {
  return absl::InvalidArgumentError(
      "page_token: this is no page token; pass the next_page_token of the page before, unchanged, "
      "or leave it empty for the first page");
}

}  // namespace

RequestFingerprint& RequestFingerprint::Add(std::string_view field, std::string_view value) {
  ByteWriter bytes;  // with lengths, so that ("ab", "c") and ("a", "bc") differ
  bytes.Varint(field.size());
  bytes.Bytes(field);
  bytes.Varint(value.size());
  bytes.Bytes(value);
  for (const char c : bytes.bytes()) value_ = (value_ ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return *this;
}

RequestFingerprint& RequestFingerprint::Add(std::string_view field, int64_t value) {
  return Add(field, std::to_string(value));
}

std::string MakePageToken(std::string_view position, const RequestFingerprint& request) {
  ByteWriter out;
  out.Byte(kTokenVersion);
  out.Fixed64(request.value());
  out.Bytes(position);
  out.Checksum();
  return absl::WebSafeBase64Escape(ToAbsl(out.bytes()));
}

absl::StatusOr<std::string> ReadPageToken(std::string_view token,
                                          const RequestFingerprint& request) {
  if (token.empty()) return std::string();
  std::string bytes;
  if (token.size() > kTokenMaxBytes || !absl::WebSafeBase64Unescape(ToAbsl(token), &bytes)) {
    return NoToken();
  }
  const std::optional<std::string_view> body = CheckChecksum(bytes);
  if (!body.has_value()) return NoToken();
  ByteReader in(*body);
  if (in.Byte() != kTokenVersion) return NoToken();
  const uint64_t fingerprint = in.Fixed64();
  if (!in.ok()) return NoToken();
  if (fingerprint != request.value()) {
    return absl::InvalidArgumentError(
        "page_token: this token belongs to another request; between pages only page_size may "
        "change. Leave page_token empty to begin anew");
  }
  return std::string(in.Rest());
}

absl::StatusOr<int> CheckPageSize(int64_t page_size) {
  if (page_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("page_size: ", page_size, " is negative; 1 to ",
                                                   limits::kPageSizeMax, ", or 0 for ",
                                                   limits::kPageSizeDefault));
  }
  if (page_size == 0) return limits::kPageSizeDefault;
  return static_cast<int>(std::min<int64_t>(page_size, limits::kPageSizeMax));
}

}  // namespace xp::core
