// The HTTP/1.1 side of the server: `POST /xp.v1.Service/Method` with JSON, `/healthz`, `/metrics`.
// The guide for people is docs/http.md.
//
// Closed by default: bound to a loopback address it answers only requests whose Host is a loopback
// name, so that a page of another site cannot reach it by a name that it points at 127.0.0.1; and a
// body must be application/json, which a browser sends across sites only after asking.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proto/clock.h"
#include "proto/limits.h"
#include "server/rpc/method_table.h"
#include "xp/v1/admin.pb.h"

namespace xp::http {

struct HttpOptions {
  std::string host = "127.0.0.1";  // address or name to bind
  int port = 7071;                 // 0: the kernel chooses
  size_t threads = 64;             // calls answered at once; further ones wait for a free thread
  size_t streams_max = 256;  // server streams at once, on threads beyond those; more are refused
  size_t max_body_bytes = limits::kMessageMaxBytes;
  size_t connections_max = 512;  // open at once; then the one that was silent longest is closed
  absl::Duration head_timeout = absl::Seconds(10);  // for a request's head, and between requests
  absl::Duration body_timeout = absl::Seconds(30);  // from the end of the head to that of the body
};

class HttpServer {
 public:
  // `stats` answers /metrics. `clock`, `table` and what `stats` uses must outlive this object.
  HttpServer(HttpOptions options, Clock& clock, const rpc::MethodTable& table,
             std::function<absl::StatusOr<v1::Stats>()> stats);
  // Stops if need be.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and serves on threads of its own. UNAVAILABLE: the address cannot be bound; the message
  // says which and what to do. Call once.
  absl::Status Start();

  // Takes no more, closes what waits and waits for the calls under way. Idempotent.
  void Stop();

  // After Start: the port that it listens on.
  int port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xp::http
