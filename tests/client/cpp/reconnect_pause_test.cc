#include "client/cpp/reconnect_pause.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "client/cpp/channel.h"
#include "tests/client/cpp/bound_port.h"
#include "tests/client/cpp/fake_blobs.h"
#include "tests/client/cpp/fake_server.h"

namespace xp::client {
namespace {

// No gRPC server in this process: its threads would poll for the channel, too. The kernel takes
// connections to a port that listens.
TEST(ReconnectPauseTest, ConnectionsAreTriedAgainBeforeGrpcLooksByItself) {
  const BoundPort port;
  const auto channel =
      MakeChannel(*ParseAddress(port.address()), {.reconnect_max = absl::Milliseconds(400)});
  for (int i = 0; i < 3; ++i) PauseOn(*channel, absl::Milliseconds(100));  // refused
  ASSERT_EQ(::listen(port.socket.get(), 8), 0);
  pollfd connection{.fd = port.socket.get(), .events = POLLIN, .revents = 0};
  // 4 s in all; gRPC's own look, which sees only that it was refused, comes after 5.
  for (int i = 0; i < 10 && connection.revents == 0; ++i) {
    PauseOn(*channel, absl::Milliseconds(400));
    ::poll(&connection, 1, 0);
  }
  EXPECT_NE(connection.revents & POLLIN, 0);
}

TEST(ReconnectPauseTest, APauseOnAConnectionThatIsThereIsAPause) {
  FakeBlobs blobs;
  FakeServer server({&blobs});
  const auto address = *ParseAddress(server.address());
  const auto channel = MakeChannel(address);
  ASSERT_TRUE(WaitForServer(*channel, address, "from --server").ok());
  const RetryEnvironment environment = SystemRetryOn(channel);
  const absl::Duration began = environment.monotonic();
  environment.sleep(absl::Milliseconds(20));
  EXPECT_GE(environment.monotonic() - began, absl::Milliseconds(20));
}

}  // namespace
}  // namespace xp::client
