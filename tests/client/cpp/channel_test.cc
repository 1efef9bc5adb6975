#include "client/cpp/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <string_view>
#include <thread>

#include "tests/client/cpp/bound_port.h"
#include "tests/client/cpp/fake_blobs.h"
#include "tests/client/cpp/fake_server.h"

namespace xp::client {
namespace {

// Connecting to nothing for real: the promise is about wall time, so this test measures it.
absl::Duration Elapsed(std::chrono::steady_clock::time_point since) {
  return absl::FromChrono(std::chrono::steady_clock::now() - since);
}

TEST(ChannelTest, AServerThatIsThereIsFound) {
  FakeBlobs blobs;
  FakeServer server({&blobs});
  const auto address = *ParseAddress(server.address());
  EXPECT_TRUE(WaitForServer(*MakeChannel(address), address, "from --server").ok());
}

TEST(ChannelTest, NoServerIsToldInUnderThreeSecondsWithWhereAndHow) {
  const BoundPort refused;  // bound, not listening: nobody else gets the port meanwhile
  const auto address = *ParseAddress(refused.address());
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status status = WaitForServer(*MakeChannel(address), address, "from $XP_SERVER");
  EXPECT_LT(Elapsed(begin), absl::Seconds(3));
  ASSERT_TRUE(absl::IsUnavailable(status));
  const std::string message(status.message());
  for (const char* part : {refused.address().c_str(), "from $XP_SERVER", "Connection refused",
                           "xpserver --data-dir"}) {
    EXPECT_NE(message.find(part), message.npos) << part << " in: " << message;
  }
}

TEST(ChannelTest, AListenerThatNeverAnswersIsToldInUnderThreeSeconds) {
  const BoundPort silent;
  ASSERT_EQ(::listen(silent.socket.get(), 8), 0);
  const auto address = *ParseAddress(silent.address());
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status status = WaitForServer(*MakeChannel(address), address, "the default");
  EXPECT_LT(Elapsed(begin), absl::Seconds(3));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(ChannelTest, AWebServerIsToldFromAnXpserver) {
  const BoundPort web;
  ASSERT_EQ(::listen(web.socket.get(), 8), 0);
  std::thread answer([&web] {
    while (true) {
      const FileDescriptor caller(::accept(web.socket.get(), nullptr, nullptr));
      if (caller.get() < 0) return;
      char request[256];
      if (::recv(caller.get(), request, sizeof request, 0) <= 0) continue;
      const std::string_view text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
      ::send(caller.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
  });
  const auto address = *ParseAddress(web.address());
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status status = WaitForServer(*MakeChannel(address), address, "the default");
  EXPECT_LT(Elapsed(begin), absl::Seconds(3));
  EXPECT_NE(std::string(status.message()).find("speaks HTTP/1.1, not gRPC"), std::string::npos)
      << status;
  ::shutdown(web.socket.get(), SHUT_RDWR);  // ends accept
  answer.join();
}

}  // namespace
}  // namespace xp::client
