#include "proto/status.h"

#include "proto/escaped.h"

namespace xp {
namespace {
constexpr size_t kMessageMaxBytes = 8 * 1024;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string message = Escaped(FromAbsl(status.message()));
  if (message.size() > kMessageMaxBytes) {
    message.resize(kMessageMaxBytes);
    message += "...";
  }
  // The two enums have the same numbers: both are the canonical codes.
  return {static_cast<grpc::StatusCode>(status.code()), std::move(message)};
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

std::string FormatStatus(const absl::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ",
                      Escaped(FromAbsl(status.message()), LineBreaks::kKeep));
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat(ToAbsl(context), ": ", status.message())};
}

}  // namespace xp
