#include "server/http/http_server.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <httplib.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>

#include "proto/escaped.h"
#include "proto/status.h"
#include "server/http/connect_error.h"
#include "server/http/connection.h"
#include "server/http/connection_watch.h"
#include "server/http/growing_pool.h"
#include "server/http/http_library.h"
#include "server/http/json_rpc.h"
#include "server/http/json_stream.h"
#include "server/http/loopback.h"
#include "server/http/prometheus.h"
#include "server/http/refusal.h"

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

constexpr int kRequestsPerConnection = 1000;
constexpr absl::Duration kWriteTimeout = absl::Seconds(5);  // nothing of an answer was taken

constexpr char kRootText[] =
    "xpserver: experiment tracking. The API as JSON: POST /xp.v1.SERVICE/METHOD, e.g.\n"
    "  curl -d '{}' -H 'Content-Type: application/json' "
    "http://HOST:PORT/xp.v1.Experiments/ListExperiments\n"
    "Also /healthz and /metrics.\n";

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpOptions options, Clock& clock, const rpc::MethodTable& table,
       std::function<absl::StatusOr<v1::Stats>()> stats)
      : options_(std::move(options)),
        clock_(clock),
        table_(table),
        stats_(std::move(stats)),
        pool_(options_.threads + options_.streams_max),
        watch_({options_.connections_max, options_.head_timeout}, clock,
               [this](std::unique_ptr<Connection> connection) {
                 pool_.Enqueue([this, connection = connection.release()] {
                   Serve(std::unique_ptr<Connection>(connection));
                 });
               }) {
    server_.set_keep_alive_max_count(kRequestsPerConnection);
    server_.set_keep_alive_timeout(absl::ToInt64Seconds(options_.head_timeout));
    // The library's own choice, SO_REUSEPORT, lets a second server share the port without a word.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    server_.set_payload_max_length(options_.max_body_bytes);
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
    server_.set_error_handler([this](const httplib::Request& request, httplib::Response& response) {
      Explain(request, response);
    });
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
    const int listener = server_.listener();
    // The library's queue of five is short for many who come at once.
    if (listen(listener, SOMAXCONN) != 0 || fcntl(listener, F_SETFL, O_NONBLOCK) != 0) {
      close(listener);
      return absl::UnavailableError(
          absl::StrCat("http: port ", port_, " does not listen: ", std::strerror(errno)));
    }
    return watch_.Start(listener);
  }

  void Stop() {
    stopping_ = true;
    server_.ForgetListener();
    watch_.Stop();
    pool_.Shutdown();
  }

  int port() const { return port_; }

 private:
  using Handled = httplib::Server::HandlerResponse;

  static void Fail(httplib::Response& response, int http_status, const absl::Status& status) {
    response.status = http_status;
    response.set_content(ConnectErrorBody(status), "application/json");
  }

  // One request whose head has come; then the connection waits for the next one.
  void Serve(std::unique_ptr<Connection> connection) {
    const bool last = ++connection->served >= kRequestsPerConnection || stopping_;
    bool goes_on = false;
    try {
      ConnectionStream stream(*connection, clock_, {options_.body_timeout, kWriteTimeout});
      goes_on =
          server_.Answer(stream, last ? HttpLibrary::Which::kLast : HttpLibrary::Which::kNotLast);
    } catch (const std::exception& error) {
      spdlog::error("http: a request could not be answered: {}", error.what());
    }
    if (goes_on) return watch_.Return(std::move(connection));
    connection.reset();
    watch_.Gone();
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
    const std::string content_type = HttpLibrary::ContentTypeOf(request);
    if (absl::EqualsIgnoreCase(content_type, ToAbsl(kStreamContentType))) {
      return Stream(request, response);
    }
    const std::string encoding = request.get_header_value("Content-Encoding");
    JsonResponse result =
        CallJson(table_, context, {request.path, content_type, encoding, request.body});
    if (!result.refused.ok()) {
      spdlog::info("http: {} from {}: {}", Escaped(request.path), context.peer(),
                   FormatStatus(result.refused));
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
            spdlog::info("http: {} from {}: {}", Escaped(request.path), context.peer(),
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
  void Explain(const httplib::Request& request, httplib::Response& response) const {
    if (!response.body.empty()) return;
    const Refusal refusal =
        Refuse(table_, response.status, request.method, request.path, options_.max_body_bytes);
    if (!refusal.allow.empty()) response.set_header("Allow", refusal.allow);
    Fail(response, refusal.http_status, refusal.why);
  }

  // Constant after construction.
  const HttpOptions options_;
  Clock& clock_;
  const rpc::MethodTable& table_;
  const std::function<absl::StatusOr<v1::Stats>()> stats_;
  // Set by Start, before the thread.
  bool loopback_ = true;
  int port_ = -1;
  // Synchronised by themselves.
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> streams_{0};
  HttpLibrary server_;
  GrowingPool pool_;
  ConnectionWatch watch_;
};

HttpServer::HttpServer(HttpOptions options, Clock& clock, const rpc::MethodTable& table,
                       std::function<absl::StatusOr<v1::Stats>()> stats)
    : impl_(std::make_unique<Impl>(std::move(options), clock, table, std::move(stats))) {}

HttpServer::~HttpServer() { Stop(); }

absl::Status HttpServer::Start() { return impl_->Start(); }

void HttpServer::Stop() { impl_->Stop(); }

int HttpServer::port() const { return impl_->port(); }

}  // namespace xp::http
