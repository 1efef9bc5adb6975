// Callers that say nothing, half of a request, or something else than HTTP, on raw sockets.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "server/http/http_server.h"

namespace xp::http {
namespace {

using testing::HasSubstr;

// A caller that sends what it is told.
class RawCaller {
 public:
  explicit RawCaller(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience = {30, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawCaller() { close(socket_); }
  RawCaller(const RawCaller&) = delete;
  RawCaller& operator=(const RawCaller&) = delete;

  void Send(const std::string& bytes) {
    EXPECT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // All until `end` has come or the server has closed.
  std::string Receive(const std::string& end) {
    std::string received;
    char buffer[4096];
    while (received.find(end) == std::string::npos) {
      const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
      if (size <= 0) break;
      received.append(buffer, size);
    }
    return received;
  }
  bool IsClosed() {
    char byte = 0;
    const ssize_t size = recv(socket_, &byte, 1, 0);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }

 private:
  const int socket_;
};

class ConnectionsTest : public testing::Test {
 protected:
  void Start(HttpOptions options) {
    options.port = 0;
    server_ = std::make_unique<HttpServer>(options, clock_, table_,
                                           [] { return absl::StatusOr<v1::Stats>(v1::Stats()); });
    const absl::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Connect(int count, const std::string& first) {
    for (int i = 0; i < count; ++i) {
      callers_.push_back(std::make_unique<RawCaller>(server_->port()));
      if (!first.empty()) callers_.back()->Send(first);
    }
  }
  // One answer within two seconds.
  bool Answers() {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(2);
    const auto response = client.Get("/healthz");
    return response && response->status == 200;
  }

  SystemClock clock_;
  rpc::MethodTable table_;
  std::unique_ptr<HttpServer> server_;
  std::vector<std::unique_ptr<RawCaller>> callers_;
};

TEST_F(ConnectionsTest, SilentAndHalfRequestsKeepNobodyWaiting) {
  Start({.threads = 2, .streams_max = 1});
  Connect(100, "");
  Connect(100, "POST /xp.v1.Trials/GetTrial HTTP/1.1\r\nHost: localhost\r\nContent-");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Answers());
}

TEST_F(ConnectionsTest, AHeadThatDoesNotComeInTimeEndsItsConnection) {
  Start({.head_timeout = absl::Milliseconds(50)});
  Connect(1, "");
  Connect(1, "GET /healthz HTTP/1.1\r\n");
  for (const auto& caller : callers_) EXPECT_TRUE(caller->IsClosed());
}

TEST_F(ConnectionsTest, BeyondTheMostTheOneThatIsSilentLongestIsClosed) {
  Start({.connections_max = 3, .head_timeout = absl::Minutes(10)});
  Connect(3, "");
  EXPECT_TRUE(Answers());
  EXPECT_TRUE(callers_[0]->IsClosed());
  callers_[2]->Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(callers_[2]->Receive("ok\n"), HasSubstr("200"));
}

TEST_F(ConnectionsTest, ARequestMayComeInPiecesAndTwoAtOnce) {
  Start({.head_timeout = absl::Minutes(10)});
  RawCaller caller(server_->port());
  for (const char* piece : {"GET /healthz HT", "TP/1.1\r\nHost: localhost\r", "\n\r", "\n"}) {
    caller.Send(piece);
  }
  EXPECT_THAT(caller.Receive("ok\n"), HasSubstr("200"));
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  caller.Send(request + "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(caller.Receive("experiment tracking"), HasSubstr("ok\n"));
  EXPECT_TRUE((caller.Receive("never"), caller.IsClosed()));
}

TEST_F(ConnectionsTest, WhatIsNoHttpIsClosedAtOnce) {
  Start({.head_timeout = absl::Minutes(10)});
  Connect(1, "\x16\x03\x01\x02");  // how TLS begins
  EXPECT_TRUE(callers_[0]->IsClosed());
  RawCaller endless(server_->port());
  endless.Send("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'x'));
  EXPECT_TRUE(endless.IsClosed());
}

TEST_F(ConnectionsTest, ABodyThatDoesNotComeIsGivenUp) {
  Start({.body_timeout = absl::Milliseconds(50)});
  RawCaller caller(server_->port());
  caller.Send(
      "POST /xp.v1.Trials/GetTrial HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{");
  EXPECT_THAT(caller.Receive("\r\n"), HasSubstr("400"));
}

TEST_F(ConnectionsTest, AnHttp2ClientIsToldThatThisIsHttp1) {
  Start({});
  RawCaller caller(server_->port());
  caller.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_THAT(caller.Receive("of its own"), HasSubstr("gRPC has a port of its own"));
}

TEST_F(ConnectionsTest, StopClosesWhatWaits) {
  Start({.head_timeout = absl::Minutes(10)});
  Connect(3, "GET");
  server_->Stop();
  for (const auto& caller : callers_) EXPECT_TRUE(caller->IsClosed());
}

}  // namespace
}  // namespace xp::http
