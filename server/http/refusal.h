// What is said where the HTTP library refuses a request by itself: by the status that it chose, the
// method and the path. Pure; safe from any thread.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "server/rpc/method_table.h"

namespace xp::http {

struct Refusal {
  int http_status = 400;
  absl::Status why;
  std::string allow;  // of the header Allow; empty: none
};

// A path that there is, asked with the wrong method, becomes 405; the rest keeps `library_status`.
Refusal Refuse(const rpc::MethodTable& table, int library_status, std::string_view method,
               std::string_view path, size_t max_body_bytes);

}  // namespace xp::http
