// The thread that extracts what waited for an end.
#include "server/backfill/backfill.h"

#include <gtest/gtest.h>

#include "proto/mutex.h"
#include "tests/server/store/store_kit.h"

namespace xp::backfill {
namespace {

using store::StoreKit;

// Waits until the summaries of an attempt have changed.
class MetricsChanged final : public store::CommitListener {
 public:
  void OnCommit(const store::CommittedChanges& changes) override {
    MutexLock lock(mutex_);
    for (const core::AttemptKey& key : changes.metrics_changed) changed_.push_back(key.attempt);
    wake_.NotifyAll();
  }
  void WaitFor(int32_t attempt) {
    MutexLock lock(mutex_);
    while (std::find(changed_.begin(), changed_.end(), attempt) == changed_.end()) {
      if (wake_.WaitFor(mutex_, std::chrono::minutes(1))) continue;
      ADD_FAILURE() << "the metrics of attempt " << attempt << " did not change";
      return;
    }
  }

 private:
  Mutex mutex_;
  CondVar wake_;
  std::vector<int32_t> changed_ ABSL_GUARDED_BY(mutex_);
};

v1::BackfillMetricsRequest Accuracy() {
  v1::BackfillMetricsRequest request;
  request.set_experiment("e");
  request.add_definitions()->set_name("acc");
  request.mutable_definitions(0)->set_regex("acc=(\\S+)");
  return request;
}

class BackfillTest : public testing::Test {
 protected:
  BackfillTest() {
    uid_ = kit_.Submit("e", {"a"})[0];
    first_ = kit_.Run(uid_);
    EXPECT_OK(kit_.ReportLog(first_, 0, "acc=0.5\nacc=1.5\n"));
    kit_.store().AddListener(&changed_);
    backfill_.Start();
  }
  ~BackfillTest() override {
    backfill_.Stop();
    kit_.store().RemoveListener(&changed_);
  }

  v1::BackfillMetricsResponse::Outcome Run() {
    auto outcome = v1::BackfillMetricsResponse::OUTCOME_UNSPECIFIED;
    EXPECT_OK(backfill_.Run(Accuracy(), [&](const v1::BackfillMetricsResponse& response) {
      outcome = response.outcome();
      return true;
    }));
    return outcome;
  }
  void LoseFirstAttempt() {
    EXPECT_OK(kit_.Do([&](store::WriteContext& context) -> absl::Status {
      if (auto lost = context.attempts().LeaseExpired(first_); !lost.ok()) return lost;
      return context.attempts().GiveUp(first_, "silent");
    }));
  }
  // Of the first attempt by itself.
  double Average() {
    const auto data = kit_.store().metrics().Compare({"e"}, v1::ATTEMPT_VIEW_ALL);
    EXPECT_OK(data);
    return SummaryOf(data->rows[0], "acc").mean;
  }

  StoreKit kit_{store::StoreOptions::Place::kMemory};
  MetricsChanged changed_;
  Backfill backfill_{kit_.store()};
  std::string uid_;
  v1::AttemptId first_;
};

TEST_F(BackfillTest, ARunningAttemptIsExtractedWhenItsEndIsStored) {
  EXPECT_EQ(Run(), v1::BackfillMetricsResponse::WAITS_FOR_END);
  EXPECT_OK(kit_.Exit(first_, 0, 16));
  EXPECT_OK(kit_.Finish(first_));
  changed_.WaitFor(1);
  EXPECT_EQ(Average(), 1.0);
}

TEST_F(BackfillTest, AnAttemptThatAnotherReplacedIsExtractedThen) {
  EXPECT_EQ(Run(), v1::BackfillMetricsResponse::WAITS_FOR_END);
  LoseFirstAttempt();
  kit_.Run(uid_);
  changed_.WaitFor(1);
  EXPECT_EQ(Average(), 1.0);
}

TEST_F(BackfillTest, AnAttemptWhoseTrialEndedWithoutItIsExtractedThen) {
  EXPECT_EQ(Run(), v1::BackfillMetricsResponse::WAITS_FOR_END);
  LoseFirstAttempt();  // queued again
  EXPECT_OK(kit_.Do<v1::Trial>([](store::WriteContext& context) {
    return context.trials().Stop("e/a", core::StopReason::kUser);
  }));
  changed_.WaitFor(1);
  EXPECT_EQ(Average(), 1.0);
}

}  // namespace
}  // namespace xp::backfill
