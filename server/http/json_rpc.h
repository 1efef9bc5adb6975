// One unary call as JSON: the method table's function behind `POST /xp.v1.Service/Method`
// (the Connect protocol's unary JSON). No sockets here.
//
// JSON is as json_message.h says. Streams: json_stream.h.
#pragma once

#include <string>
#include <string_view>

#include "server/rpc/method_table.h"

namespace xp::http {

struct JsonRequest {
  std::string_view path;          // "/xp.v1.Trials/GetTrial"
  std::string_view content_type;  // of the request; "application/json" with or without charset
  std::string_view encoding;      // Content-Encoding; empty or "identity"
  std::string_view body;          // empty stands for {}
};

struct JsonResponse {
  int status = 200;  // HTTP
  std::string body;  // JSON, of the message or of the error
  // Why the method was not called, for the log. What a method came to it logs itself.
  absl::Status refused;
};

// Whether the API has a method of any kind at `path`.
bool IsMethodPath(const rpc::MethodTable& table, std::string_view path);

// Never throws. Safe from any thread, as the table is.
JsonResponse CallJson(const rpc::MethodTable& table, rpc::CallContext& context,
                      const JsonRequest& request);

}  // namespace xp::http
