#include "server/core/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr AttemptKey kA{{1}, 1};
constexpr AttemptKey kB{{2}, 3};

absl::Duration At(int64_t seconds) { return absl::Seconds(seconds); }

// Checks every 10 s up to and including `to`, as the server does, so that none comes late.
LeaseTable::Due CheckUpTo(LeaseTable& leases, int64_t from, int64_t to) {
  for (int64_t t = from; t < to; t += 10) leases.Check(At(t));
  return leases.Check(At(to));
}

TEST(LeaseTest, SilenceBeyondTheLeaseIsLost) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  EXPECT_THAT(CheckUpTo(leases, 0, 59).lost, IsEmpty());
  EXPECT_THAT(leases.Check(At(60)).lost, ElementsAre(kA));
}

TEST(LeaseTest, AHeartbeatRenews) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  CheckUpTo(leases, 0, 50);
  EXPECT_TRUE(leases.Renew(kA, At(50)));
  EXPECT_THAT(CheckUpTo(leases, 60, 109).lost, IsEmpty());
  EXPECT_THAT(leases.Check(At(110)).lost, ElementsAre(kA));
}

TEST(LeaseTest, APromiseOfSilenceIsKept) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  leases.Renew(kA, At(0), absl::Minutes(5));
  EXPECT_THAT(CheckUpTo(leases, 0, 359).lost, IsEmpty());
  EXPECT_THAT(leases.Check(At(360)).lost, ElementsAre(kA));
}

TEST(LeaseTest, APromiseOfForeverIsCut) {
  LeaseTable leases({.longest_promise = absl::Minutes(10)});
  leases.Grant(kA, At(0));
  leases.Renew(kA, At(0), absl::InfiniteDuration());
  EXPECT_EQ(*leases.NextDue(), absl::Minutes(11));
  leases.Renew(kA, At(0), -absl::InfiniteDuration());
  EXPECT_EQ(*leases.NextDue(), absl::Minutes(1));
}

TEST(LeaseTest, CheckReportsUntilItIsMarked) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  CheckUpTo(leases, 0, 60);
  EXPECT_THAT(leases.Check(At(61)).lost, ElementsAre(kA)) << "the commit may have failed";
  leases.MarkLost(kA, At(61));
  EXPECT_TRUE(leases.IsLost(kA));
  EXPECT_THAT(leases.Check(At(62)).lost, IsEmpty());
}

TEST(LeaseTest, LostForTenMinutesIsQueuedAgain) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  CheckUpTo(leases, 0, 60);
  leases.MarkLost(kA, At(60));
  EXPECT_THAT(CheckUpTo(leases, 60, 659).requeue, IsEmpty());
  EXPECT_THAT(leases.Check(At(660)).requeue, ElementsAre(kA));
  leases.Release(kA);
  EXPECT_THAT(leases.Check(At(661)).requeue, IsEmpty());
  EXPECT_FALSE(leases.Holds(kA));
}

TEST(LeaseTest, ALostWorkerThatReturnsHoldsItsLeaseAgain) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  CheckUpTo(leases, 0, 60);
  leases.MarkLost(kA, At(60));
  EXPECT_TRUE(leases.Renew(kA, At(70)));
  EXPECT_FALSE(leases.IsLost(kA));
  EXPECT_THAT(CheckUpTo(leases, 70, 129).lost, IsEmpty());
  EXPECT_THAT(leases.Check(At(130)).lost, ElementsAre(kA));
}

TEST(LeaseTest, AnUnknownAttemptIsNotRenewed) {
  LeaseTable leases;
  leases.Grant({{1}, 2}, At(0));
  EXPECT_FALSE(leases.Renew({{1}, 1}, At(1))) << "an older attempt of the same trial";
  leases.MarkLost({{1}, 1}, At(1));
  EXPECT_EQ(leases.size(), 1u);
}

TEST(LeaseTest, ALateCheckBeginsEveryLeaseAnew) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  leases.Grant(kB, At(0));
  leases.Check(At(0));
  leases.MarkLost(kB, At(0));
  const LeaseTable::Due due = leases.Check(At(3600));  // the machine was asleep
  EXPECT_TRUE(due.began_anew);
  EXPECT_THAT(due.lost, IsEmpty());
  EXPECT_THAT(due.requeue, IsEmpty());
  EXPECT_THAT(CheckUpTo(leases, 3610, 3659).lost, IsEmpty());
  EXPECT_THAT(leases.Check(At(3660)).lost, ElementsAre(kA));
  EXPECT_THAT(CheckUpTo(leases, 3670, 4199).requeue, IsEmpty());
  EXPECT_THAT(leases.Check(At(4200)).requeue, ElementsAre(kB));
}

TEST(LeaseTest, ALateCheckKeepsALongerPromise) {
  LeaseTable leases;
  leases.Grant(kA, At(0));
  leases.Renew(kA, At(0), absl::Minutes(50));
  leases.Check(At(0));
  leases.Check(At(600));
  EXPECT_EQ(*leases.NextDue(), absl::Minutes(51));
}

TEST(LeaseTest, AfterAStartOfTheServerAllBeginAnew) {
  LeaseTable leases;
  leases.Grant(kA, At(5000));
  leases.GrantLost(kB, At(5000));
  EXPECT_FALSE(leases.Check(At(5001)).began_anew);
  EXPECT_TRUE(leases.IsLost(kB));
  EXPECT_EQ(*leases.NextDue(), At(5060));
}

TEST(LeaseTest, NothingIsDueWithoutLeases) {
  LeaseTable leases;
  EXPECT_EQ(leases.NextDue(), std::nullopt);
  leases.Grant(kA, At(0));
  EXPECT_EQ(leases.NextDue(), At(60));
}

TEST(LeaseTest, DueComesInTheOrderOfKeys) {
  LeaseTable leases;
  for (int64_t i = 20; i > 0; --i) leases.Grant({{i}, 1}, At(0));
  const LeaseTable::Due due = CheckUpTo(leases, 0, 60);
  ASSERT_EQ(due.lost.size(), 20u);
  EXPECT_TRUE(std::is_sorted(due.lost.begin(), due.lost.end()));
}

}  // namespace
}  // namespace xp::core
