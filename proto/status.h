// Statuses: short makers for the codes we use, the macros that pass them on, and the one converter
// between absl::Status and grpc::Status. No state; safe from any thread.
//
// A message says where, what was found, what would be accepted and what to do next; a field's path
// stands first: "trials[2].metrics[0].regex: ...".
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <utility>

namespace xp {

// Debian's absl::string_view is not std::string_view (facts/dependencies.md): these cross the
// border.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

// The same code and message on the other side. A message to a client is escaped (escaped.h: it may
// quote anything) and cut to 8 KiB (gRPC puts it in a header).
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

// "INVALID_ARGUMENT: message", escaped but for line breaks: for people and logs. OK is "OK".
std::string FormatStatus(const absl::Status& status);

// The same status with `context` and ": " before its message. OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace xp

#define XP_STATUS_CONCAT_INNER(a, b) a##b
#define XP_STATUS_CONCAT(a, b) XP_STATUS_CONCAT_INNER(a, b)

// Returns from the function when `expression` (an absl::Status) is not OK.
#define XP_RETURN_IF_ERROR(expression)                                               \
  do {                                                                               \
    if (absl::Status xp_status_ = (expression); !xp_status_.ok()) return xp_status_; \
  } while (false)

// `XP_ASSIGN_OR_RETURN(auto x, F());` assigns the value of a StatusOr, or returns its status.
#define XP_ASSIGN_OR_RETURN(target, expression) \
  XP_ASSIGN_OR_RETURN_IMPL(XP_STATUS_CONCAT(xp_status_or_, __LINE__), target, expression)
#define XP_ASSIGN_OR_RETURN_IMPL(temporary, target, expression) \
  auto temporary = (expression);                                \
  if (!temporary.ok()) return std::move(temporary).status();    \
  target = *std::move(temporary)
