// Puts the pages of a list together. Works for each request with a page_token whose answer has a
// next_page_token.
//
// Threads: as the client's. Errors: those of the call; INTERNAL when the server answers the same
// token twice (it would never end).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <utility>

#include "client/cpp/client.h"

namespace xp::client {

// Calls `each(Response&&)` for each page, in order.
template <class Stub, class Request, class Response, class Each>
absl::Status ForEachPage(Client& client,
                         grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                         Request request, Each each) {
  while (true) {
    absl::StatusOr<Response> page = client.Call(method, request);
    if (!page.ok()) return page.status();
    const std::string next = page->next_page_token();
    each(*std::move(page));
    if (next.empty()) return absl::OkStatus();
    if (next == request.page_token()) {
      return absl::InternalError("the server answered the same page token twice");
    }
    request.set_page_token(next);
  }
}

}  // namespace xp::client
