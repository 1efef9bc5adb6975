#include "server/http/refusal.h"

#include <absl/strings/str_cat.h>

#include "proto/status.h"
#include "server/http/json_rpc.h"

namespace xp::http {
namespace {

// The method that `path` is asked with; empty: there is no such path.
std::string_view MethodOf(const rpc::MethodTable& table, std::string_view path) {
  if (path == "/" || path == "/healthz" || path == "/metrics") return "GET";
  return IsMethodPath(table, path) ? "POST" : "";
}

}  // namespace

Refusal Refuse(const rpc::MethodTable& table, int library_status, std::string_view method,
               std::string_view path, size_t max_body_bytes) {
  const std::string_view allow = MethodOf(table, path);
  // The library answers 404 to a method that it has no handler for, 400 to one that it does not
  // know.
  if (!allow.empty() && allow != method && (library_status == 404 || library_status == 400)) {
    return {405,
            absl::UnimplementedError(
                absl::StrCat(ToAbsl(path), " takes ", ToAbsl(allow), ", not ", ToAbsl(method))),
            std::string(allow)};
  }
  switch (library_status) {
    case 404:
      return {404,
              absl::NotFoundError(
                  "nothing here; try POST /xp.v1.SERVICE/METHOD, GET /healthz, GET /metrics"),
              ""};
    case 413:
      return {413,
              absl::ResourceExhaustedError(absl::StrCat("the body is larger than ", max_body_bytes,
                                                        " bytes; split the request")),
              ""};
    case 414:
      return {414, absl::InvalidArgumentError("the address is too long"), ""};
    case 415:
      return {415, absl::InvalidArgumentError("the body is compressed; send it as it is"), ""};
    case 400:
      return {400,
              absl::InvalidArgumentError(
                  "this is no HTTP/1.1 request that can be read to its end; gRPC has a port of its "
                  "own"),
              ""};
    default:
      return {library_status,
              absl::InvalidArgumentError(
                  absl::StrCat("the request is refused with HTTP status ", library_status)),
              ""};
  }
}

}  // namespace xp::http
