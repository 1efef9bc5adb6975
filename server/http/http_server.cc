#include "server/http/http_server.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <httplib.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "server/http/connect_error.h"
#include "server/http/growing_pool.h"
#include "server/http/json_rpc.h"
#include "server/http/json_stream.h"
#include "server/http/prometheus.h"

namespace xp::http {
namespace {

class HttpCallContext final : public rpc::CallContext {
 public:
  // A unary call notices a caller that left only when it answers; a stream asks `is_there`.
  HttpCallContext(
      const httplib::Request& request, const std::atomic<bool>& stopping,
      std::function<bool()> is_there = [] { return true; })
      : stopping_(stopping),
        is_there_(std::move(is_there)),
        peer_(absl::StrCat("http:", request.remote_addr, ":", request.remote_port)) {}
  bool IsCancelled() const override { return stopping_ || !is_there_(); }
  std::string_view peer() const override { return peer_; }

 private:
  const std::atomic<bool>& stopping_;
  const std::function<bool()> is_there_;
  const std::string peer_;
};

bool IsLoopbackName(std::string_view name) {
  if (absl::EqualsIgnoreCase(ToAbsl(name), "localhost") || name == "::1") return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(ToAbsl(name), '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (const absl::string_view part : parts) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number) || number < 0 || number > 255) return false;
  }
  return true;
}

constexpr char kRootText[] =
    "xpserver: experiment tracking. The API as JSON: POST /xp.v1.SERVICE/METHOD, e.g.\n"
    "  curl -d '{}' -H 'Content-Type: application/json' "
    "http://HOST:PORT/xp.v1.Experiments/ListExperiments\n"
    "Also /healthz and /metrics.\n";

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  if (host.substr(0, 1) == "[") {
    const size_t end = host.find(']');
    return end != std::string_view::npos && IsLoopbackName(host.substr(1, end - 1));
  }
  return IsLoopbackName(host.substr(0, host.find(':')));
}

class HttpServer::Impl {
 public:
  Impl(HttpOptions options, const rpc::MethodTable& table,
       std::function<absl::StatusOr<v1::Stats>()> stats)
      : options_(std::move(options)), table_(table), stats_(std::move(stats)) {
    server_.set_tcp_nodelay(true);  // without it an answer waits 40 ms for the caller's ack
    // An idle connection holds a thread, and Stop() waits for it: at most so many seconds.
    server_.set_keep_alive_timeout(1);
    // The library's own choice, SO_REUSEPORT, lets a second server share the port without a word.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    server_.set_payload_max_length(options_.max_body_bytes);
    server_.new_task_queue = [most = options_.threads + options_.streams_max] {
      return new GrowingPool(most);
    };
    server_.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          return Admit(request, response);
        });
    server_.Post(R"(/xp\.v1\..*)",
                 [this](const httplib::Request& request, httplib::Response& response) {
                   Call(request, response);
                 });
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      Metrics(response);
    });
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(kRootText, "text/plain");
    });
    server_.set_exception_handler(
        [](const httplib::Request& request, httplib::Response& response, std::exception_ptr) {
          spdlog::error("http: an exception escaped the handler of {}", request.path);
          Fail(response, 500, absl::InternalError("the handler failed; see the server's log"));
        });
    server_.set_error_handler(
        [this](const httplib::Request&, httplib::Response& response) { Explain(response); });
  }

  absl::Status Start() {
    loopback_ = IsLoopbackName(options_.host);
    port_ = options_.port == 0 ? server_.bind_to_any_port(options_.host)
            : server_.bind_to_port(options_.host, options_.port) ? options_.port
                                                                 : -1;
    if (port_ < 0) {
      return absl::UnavailableError(
          absl::StrCat("http: cannot listen on ", options_.host, ":", options_.port,
                       ": in use, or no address of this machine; choose another with --http"));
    }
    thread_ = std::thread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    // stop() before listen_after_bind() has begun would be lost.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
    if (!ended_) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("http: port ", port_, " ended as soon as it began"));
  }

  void Stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    server_.stop();
    thread_.join();
  }

  int port() const { return port_; }

 private:
  using Handled = httplib::Server::HandlerResponse;

  static void Fail(httplib::Response& response, int http_status, const absl::Status& status) {
    response.status = http_status;
    response.set_content(ConnectErrorBody(status), "application/json");
  }

  Handled Admit(const httplib::Request& request, httplib::Response& response) const {
    const std::string host = request.get_header_value("Host");
    if (!loopback_ || IsLoopbackHost(host)) return Handled::Unhandled;
    Fail(response, 403,
         absl::PermissionDeniedError(absl::StrCat(
             "Host '", host, "' is not this machine; the server listens on loopback only")));
    return Handled::Handled;
  }

  void Call(const httplib::Request& request, httplib::Response& response) {
    HttpCallContext context(request, stopping_);
    const std::string content_type = request.get_header_value("Content-Type");
    if (absl::EqualsIgnoreCase(content_type, ToAbsl(kStreamContentType))) {
      return Stream(request, response);
    }
    const std::string encoding = request.get_header_value("Content-Encoding");
    JsonResponse result =
        CallJson(table_, context, {request.path, content_type, encoding, request.body});
    if (!result.call.ok()) {
      spdlog::info("http: {} from {}: {}", request.path, context.peer(), FormatStatus(result.call));
    }
    response.status = result.status;
    response.set_content(std::move(result.body), "application/json");
  }

  // Runs while the answer is written, on the connection's thread.
  void Stream(const httplib::Request& request, httplib::Response& response) {
    const std::string type(kStreamContentType);
    if (++streams_ > options_.streams_max) {
      --streams_;
      response.set_content(
          EndOfStream(absl::ResourceExhaustedError(absl::StrCat(
              options_.streams_max, " streams are open; close one, or try again in a moment"))),
          type.c_str());
      return;
    }
    response.set_chunked_content_provider(
        type.c_str(),
        [this, &request](size_t, httplib::DataSink& sink) {
          HttpCallContext context(request, stopping_, [&sink] { return sink.is_writable(); });
          const absl::Status status = StreamJson(
              table_, context, {request.path, kStreamContentType, "", request.body},
              [&sink](std::string_view bytes) { return sink.write(bytes.data(), bytes.size()); });
          if (!status.ok()) {
            spdlog::info("http: {} from {}: {}", request.path, context.peer(),
                         FormatStatus(status));
          }
          sink.done();
          return true;
        },
        [this](bool) { --streams_; });
  }

  void Metrics(httplib::Response& response) const {
    const absl::StatusOr<v1::Stats> stats = stats_();
    if (!stats.ok()) return Fail(response, HttpStatus(stats.status().code()), stats.status());
    response.set_content(PrometheusText(*stats), "text/plain; version=0.0.4");
  }

  // What the library refuses by itself gets a body that says why.
  void Explain(httplib::Response& response) const {
    if (!response.body.empty()) return;
    if (response.status == 413) {
      Fail(response, 413,
           absl::ResourceExhaustedError(absl::StrCat(
               "the body is larger than ", options_.max_body_bytes, " bytes; split the request")));
    } else if (response.status == 404) {
      Fail(response, 404,
           absl::NotFoundError("nothing here; try POST /xp.v1.SERVICE/METHOD, /healthz, /metrics"));
    }
  }

  // Constant after construction.
  const HttpOptions options_;
  const rpc::MethodTable& table_;
  const std::function<absl::StatusOr<v1::Stats>()> stats_;
  // Set by Start, before the thread.
  bool loopback_ = true;
  int port_ = -1;
  // Synchronised by themselves.
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::atomic<size_t> streams_{0};
  httplib::Server server_;
  std::thread thread_;
};

HttpServer::HttpServer(HttpOptions options, const rpc::MethodTable& table,
                       std::function<absl::StatusOr<v1::Stats>()> stats)
    : impl_(std::make_unique<Impl>(std::move(options), table, std::move(stats))) {}

HttpServer::~HttpServer() { Stop(); }

absl::Status HttpServer::Start() { return impl_->Start(); }

void HttpServer::Stop() { impl_->Stop(); }

int HttpServer::port() const { return impl_->port(); }

}  // namespace xp::http
