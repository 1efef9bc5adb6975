#include "server/fleet/change_feed.h"

#include <gtest/gtest.h>

#include <thread>

namespace xp::fleet {
namespace {

store::TrialChange Change(int64_t id, const std::string& name, core::TrialState state) {
  auto trial = std::make_shared<store::LiveTrial>();
  trial->id = {id};
  trial->trial.set_name(name);
  trial->state = state;
  return {trial};
}

store::CommittedChanges OneTrial(int64_t id, const std::string& name,
                                 core::TrialState state = core::TrialState::kQueued) {
  store::CommittedChanges changes;
  changes.trials.push_back(Change(id, name, state));
  return changes;
}

TEST(ChangeFeedTest, ShowsOnlyWhatIsWatched) {
  ChangeFeed feed;
  const auto all = feed.Subscribe({.experiment = "e"});
  const auto one = feed.Subscribe({.experiment = "e", .trials = {"b"}});
  feed.OnCommit(OneTrial(1, "E/a"));
  feed.OnCommit(OneTrial(2, "E/B"));
  feed.OnCommit(OneTrial(3, "other/b"));
  EXPECT_EQ(all->Take(absl::ZeroDuration()).trials.size(), 2u);
  const FeedChanges changes = one->Take(absl::ZeroDuration());
  ASSERT_EQ(changes.trials.size(), 1u);
  EXPECT_EQ(changes.trials.begin()->second->trial.name(), "E/B");
}

TEST(ChangeFeedTest, ASlowReaderGetsTheNewestOfEachTrial) {
  ChangeFeed feed;
  const auto subscription = feed.Subscribe({.experiment = "e"});
  feed.OnCommit(OneTrial(1, "E/a", core::TrialState::kAssigned));
  feed.OnCommit(OneTrial(1, "E/a", core::TrialState::kRunning));
  const FeedChanges changes = subscription->Take(absl::ZeroDuration());
  ASSERT_EQ(changes.trials.size(), 1u);
  EXPECT_EQ(changes.trials.begin()->second->state, core::TrialState::kRunning);
  EXPECT_TRUE(subscription->Take(absl::ZeroDuration()).trials.empty()) << "taken is taken";
}

TEST(ChangeFeedTest, GrowthOfAKnownTrialWakesItsFollower) {
  ChangeFeed feed;
  const auto follower = feed.Subscribe({.experiment = "e", .growth = FeedFilter::Growth::kReport});
  store::CommittedChanges changes;
  changes.growths.push_back({{{1}, 1}, v1::SOURCE_KIND_LOG, 0, 9});
  feed.OnCommit(changes);
  EXPECT_FALSE(follower->Take(absl::ZeroDuration()).grown) << "nobody said that 1 is ours";
  follower->Know({1});
  feed.OnCommit(changes);
  EXPECT_TRUE(follower->Take(absl::ZeroDuration()).grown);
}

TEST(ChangeFeedTest, ADeletionIsToldInsteadOfTheTrial) {
  ChangeFeed feed;
  const auto subscription = feed.Subscribe({.experiment = "e"});
  feed.OnCommit(OneTrial(1, "E/a"));
  store::CommittedChanges changes;
  changes.deletions.push_back({{{1}, 0}, "uid", "E", "a", ""});
  feed.OnCommit(changes);
  const FeedChanges taken = subscription->Take(absl::ZeroDuration());
  EXPECT_TRUE(taken.trials.empty());
  EXPECT_TRUE(taken.deleted.contains("E/a"));
}

TEST(ChangeFeedTest, CloseWakesWhoWaitsAndWhoComesLater) {
  ChangeFeed feed;
  const auto subscription = feed.Subscribe({});
  std::thread reader([&] { EXPECT_TRUE(subscription->Take(absl::Hours(1)).closed); });
  feed.Close();
  reader.join();
  EXPECT_TRUE(feed.Subscribe({})->Take(absl::Hours(1)).closed);
}

}  // namespace
}  // namespace xp::fleet
