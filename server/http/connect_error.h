// Errors in the Connect protocol's form: a canonical code as HTTP status and as JSON
// (https://connectrpc.com/docs/protocol, "Error codes"). Pure functions; safe from any thread.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace xp::http {

// The HTTP status of a code: NOT_FOUND is 404, UNAVAILABLE 503. OK is 200.
int HttpStatus(absl::StatusCode code);

// The code's name in Connect: "not_found".
std::string ConnectCode(absl::StatusCode code);

// {"code": "not_found", "message": "..."}; text that is no UTF-8 is replaced, never refused.
std::string ConnectErrorBody(const absl::Status& status);

}  // namespace xp::http
