// When a worker was last heard, as people are told.
#include <gtest/gtest.h>

#include "server/fleet/convert.h"
#include "server/store/worker_store.h"
#include "tests/server/fleet/fleet_fixture.h"

namespace xp::fleet {
namespace {

class LastSeenTest : public FleetTest {
 protected:
  absl::Time LastSeen() {
    auto shown = store_->workers().Get("w");
    EXPECT_TRUE(shown.ok()) << shown.status();
    fleet_->Describe(&*shown);
    return FromProto(shown->last_seen_time());
  }
  // When the last message of a worker came that connected long before and was silent since.
  absl::Time HeardAgainAndThenSilent() {
    worker_.Connect();
    clock_.Advance(absl::Minutes(10));
    EXPECT_EQ(worker_.Heartbeat({}), absl::OkStatus());
    const absl::Time heard = clock_.Now();
    clock_.Advance(absl::Seconds(20));
    return heard;
  }
  FakeWorker worker_{*fleet_, "w", 1};
};

TEST_F(LastSeenTest, IsTheLastMessageWhileConnected) {
  const absl::Time heard = HeardAgainAndThenSilent();
  EXPECT_EQ(LastSeen(), heard);
}

TEST_F(LastSeenTest, OutlivesTheStreamAndTheServer) {
  const absl::Time heard = HeardAgainAndThenSilent();
  fleet_->Stop();
  worker_.Disconnect();
  // What the end of the stream has left in the queue is stored before what comes behind it.
  ASSERT_EQ(store_->Apply([](store::WriteContext&) { return absl::OkStatus(); }), absl::OkStatus());
  RestartFleet();
  EXPECT_EQ(LastSeen(), heard);
}

TEST_F(LastSeenTest, FollowsAJumpOfTheWallClock) {
  worker_.Connect();
  clock_.Advance(absl::Seconds(5));
  clock_.JumpWall(-absl::Hours(24));
  EXPECT_EQ(LastSeen(), clock_.Now() - absl::Seconds(5));
}

}  // namespace
}  // namespace xp::fleet
