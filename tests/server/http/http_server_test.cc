#include "server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <string>
#include <thread>

#include "proto/mutex.h"
#include "server/http/loopback.h"
#include "xp/v1/trials.pb.h"

namespace xp::http {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    table_.AddUnary<v1::GetTrialRequest, v1::Trial>(
        "/xp.v1.Trials/GetTrial",
        [](rpc::CallContext&, const v1::GetTrialRequest& request, v1::Trial* trial) {
          trial->set_name(request.name());
          return absl::OkStatus();
        });
  }

  void Start(HttpOptions options) {
    options.port = 0;
    server_ = std::make_unique<HttpServer>(options, clock_, table_, [this] { return stats_; });
    const absl::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
    client_ = std::make_unique<httplib::Client>("127.0.0.1", server_->port());
    client_->set_tcp_nodelay(true);
  }

  SystemClock clock_;
  rpc::MethodTable table_;
  absl::StatusOr<v1::Stats> stats_ = v1::Stats();
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(HttpServerTest, PostAnswersJson) {
  Start({});
  const auto response =
      client_->Post("/xp.v1.Trials/GetTrial", R"({"name":"e/t"})", "application/json");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, R"({"name":"e/t"})");
  EXPECT_EQ(response->get_header_value("Content-Type"), "application/json");
}

// How many streams are open, for those who wait for a number.
class OpenStreams {
 public:
  void Add(int change) {
    MutexLock lock(mutex_);
    count_ += change;
    changed_.NotifyAll();
  }
  void WaitFor(int count) {
    MutexLock lock(mutex_);
    while (count_ != count) {
      if (changed_.WaitFor(mutex_, std::chrono::minutes(1))) continue;
      ADD_FAILURE() << count_ << " streams are open, not " << count;
      return;
    }
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A stream that says "a" and then waits until its caller leaves or the server stops.
void AddWaitingStream(rpc::MethodTable* table, OpenStreams* open) {
  table->AddServerStream<v1::WatchTrialsRequest, v1::WatchTrialsResponse>(
      "/xp.v1.Trials/WatchTrials",
      [open](rpc::CallContext& context, const v1::WatchTrialsRequest&,
             const std::function<bool(const v1::WatchTrialsResponse&)>& send) -> absl::Status {
        open->Add(1);
        v1::WatchTrialsResponse response;
        response.add_trials()->set_name("a");
        send(response);
        while (!context.IsCancelled()) std::this_thread::yield();
        open->Add(-1);
        return absl::CancelledError("the caller is gone");
      });
}

const std::string kEmptyFrame("\0\0\0\0\2{}", 7);

TEST_F(HttpServerTest, AStreamComesAsItIsSentAndEndsWithItsCaller) {
  OpenStreams open;
  AddWaitingStream(&table_, &open);
  Start({});
  std::string received;
  httplib::Request request;
  request.method = "POST";
  request.path = "/xp.v1.Trials/WatchTrials";
  request.set_header("Content-Type", "application/connect+json");
  request.body = kEmptyFrame;
  request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
    received.append(data, size);
    return received.find("\"a\"") == std::string::npos;  // then it leaves
  };
  EXPECT_FALSE(client_->send(request));
  EXPECT_THAT(received, HasSubstr(R"({"trials":[{"name":"a"}]})"));
  client_.reset();
  open.WaitFor(0);
}

TEST_F(HttpServerTest, StreamsBeyondTheMostAreRefusedAndCallsStillAnswered) {
  OpenStreams open;
  AddWaitingStream(&table_, &open);
  Start({.threads = 2, .streams_max = 1});
  std::thread first([&] {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(60);
    client.Post("/xp.v1.Trials/WatchTrials", kEmptyFrame, "application/connect+json");
  });
  open.WaitFor(1);
  const auto second =
      client_->Post("/xp.v1.Trials/WatchTrials", kEmptyFrame, "application/connect+json");
  ASSERT_TRUE(second);
  EXPECT_THAT(second->body, HasSubstr("resource_exhausted"));
  EXPECT_EQ(client_->Get("/healthz")->status, 200);
  server_->Stop();
  first.join();
}

TEST_F(HttpServerTest, HealthAndMetricsAnswer) {
  Start({});
  EXPECT_EQ(client_->Get("/healthz")->body, "ok\n");
  EXPECT_THAT(client_->Get("/metrics")->body, HasSubstr("xp_trials 0\n"));
}

TEST_F(HttpServerTest, MetricsOfABrokenStoreAreAnError) {
  stats_ = absl::UnavailableError("the disk is gone");
  Start({});
  EXPECT_EQ(client_->Get("/metrics")->status, 503);
}

TEST_F(HttpServerTest, ForeignHostIsRefusedOnLoopback) {
  Start({});
  const httplib::Headers headers = {{"Host", "evil.example:80"}};
  const auto response = client_->Post("/xp.v1.Trials/GetTrial", headers, "{}", "application/json");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 403);
  EXPECT_THAT(response->body, HasSubstr("evil.example"));
}

TEST_F(HttpServerTest, TooLargeABodySaysTheLimit) {
  HttpOptions options;
  options.max_body_bytes = 1000;
  Start(options);
  const auto response =
      client_->Post("/xp.v1.Trials/GetTrial", std::string(2000, ' '), "application/json");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_THAT(response->body, HasSubstr("1000 bytes"));
}

TEST_F(HttpServerTest, UnknownPathsPointToWhatThereIs) {
  Start({});
  const auto response = client_->Get("/nothing");
  EXPECT_EQ(response->status, 404);
  EXPECT_THAT(response->body, HasSubstr("/healthz"));
}

TEST_F(HttpServerTest, AnotherContentTypeIsToldWhatIsAccepted) {
  Start({});
  for (const char* type : {"multipart/form-data; boundary=x", "multipart/form-data", "text/plain",
                           "application/x-www-form-urlencoded", "application/proto"}) {
    const auto response = client_->Post("/xp.v1.Trials/GetTrial", R"({"name":"e/t"})", type);
    ASSERT_TRUE(response) << type;
    EXPECT_EQ(response->status, 415) << type;
    EXPECT_THAT(response->body, HasSubstr("accepted are application/json")) << type;
    EXPECT_EQ(response->get_header_value("Content-Type"), "application/json");
  }
  const auto packed = client_->Post("/xp.v1.Trials/GetTrial", {{"Content-Encoding", "br"}}, "x",
                                    "application/json");
  ASSERT_TRUE(packed);
  // By the library or, where it was built to unpack br, by us.
  EXPECT_THAT(packed->body, AnyOf(HasSubstr("send it as it is"), HasSubstr("send identity")));
}

TEST_F(HttpServerTest, TheWrongMethodIsToldTheRightOne) {
  Start({});
  const auto get = client_->Get("/xp.v1.Trials/GetTrial");
  ASSERT_TRUE(get);
  EXPECT_EQ(get->status, 405);
  EXPECT_EQ(get->get_header_value("Allow"), "POST");
  EXPECT_THAT(get->body, HasSubstr("/xp.v1.Trials/GetTrial takes POST, not GET"));
  EXPECT_EQ(client_->Put("/xp.v1.Trials/WatchTrials", "{}", "application/json")->status, 405);
  const auto post = client_->Post("/metrics", "{}", "application/json");
  EXPECT_EQ(post->status, 405);
  EXPECT_EQ(post->get_header_value("Allow"), "GET");
  EXPECT_EQ(client_->Get("/xp.v1.Trials/Nothing")->status, 404);
}

TEST_F(HttpServerTest, PortInUseIsAClearError) {
  Start({});
  HttpOptions options;
  options.port = server_->port();
  HttpServer second(options, clock_, table_, [this] { return stats_; });
  const absl::Status status = second.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(server_->port())));
}

TEST_F(HttpServerTest, StopEndsWithAnIdleConnectionOpen) {
  Start({});
  client_->set_keep_alive(true);
  EXPECT_EQ(client_->Get("/healthz")->status, 200);
  server_->Stop();
  EXPECT_FALSE(httplib::Client("127.0.0.1", server_->port()).Get("/healthz"));
}

TEST(IsLoopbackHostTest, TakesNamesAndAddressesOfThisMachineOnly) {
  for (const char* host :
       {"localhost", "LocalHost:7071", "127.0.0.1:80", "127.8.9.1", "[::1]:7071"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"", "example.org", "127.0.0.1.example.org", "127.0.0", "128.0.0.1",
                           "[::2]", "localhost.example.org:80", "127.0.0.256"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace xp::http
