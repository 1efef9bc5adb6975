// The last step of every handler.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <utility>

namespace xp::rpc {

// Moves what a query answered into the response.
template <typename Response>
absl::Status Answer(absl::StatusOr<Response> answer, Response* response) {
  if (!answer.ok()) return std::move(answer).status();
  *response = *std::move(answer);
  return absl::OkStatus();
}

}  // namespace xp::rpc
