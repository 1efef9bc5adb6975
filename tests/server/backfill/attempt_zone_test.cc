// Times that a program printed without a zone are read in the zone that its attempt had, also when
// a definition comes after the fact: each in the offset of its own day.
#include <gtest/gtest.h>

#include "server/backfill/backfill.h"
#include "server/store/metric_store.h"
#include "tests/server/fleet/fleet_fixture.h"

namespace xp::backfill {
namespace {

constexpr char kLog[] = "2026-01-15 12:00:00,000 acc=0.5\n2026-07-15 12:00:00,000 acc=0.75\n";

class AttemptZoneTest : public fleet::FleetTest {
 protected:
  // The times of `acc`, found after an attempt that said `started` had ended.
  std::vector<int64_t> TimesOf(v1::Started started) {
    Submit({"a"});
    fleet::FakeWorker worker(*fleet_, "w", 1);
    worker.Connect();
    Work();
    const v1::AttemptId attempt = worker.NextAssignment().attempt();
    EXPECT_EQ(worker.Accept(attempt), absl::OkStatus());
    *started.mutable_attempt() = attempt;
    v1::WorkerMessage message;
    *message.mutable_started() = started;
    EXPECT_EQ(worker.Say(message), absl::OkStatus());
    EXPECT_EQ(worker.Report(testing::MakeReport(attempt, 0, kLog)), absl::OkStatus());
    EXPECT_EQ(worker.Exit(testing::MakeExited(attempt, 0, sizeof kLog - 1)), absl::OkStatus());
    EXPECT_EQ(worker.Finish(attempt, sizeof kLog - 1), absl::OkStatus());
    EXPECT_EQ(Get("a").latest_attempt().time_zone(), started.time_zone());

    v1::BackfillMetricsRequest request;
    request.set_experiment("E");
    v1::MetricDefinition& definition = *request.add_definitions();
    definition.set_name("acc");
    definition.set_regex("^(?P<time>[-0-9]+ [:,0-9]+) acc=(?P<value>.*)");
    Backfill backfill(*store_);
    EXPECT_EQ(backfill.Run(request, [](const auto&) { return true; }), absl::OkStatus());
    v1::GetHistoryRequest history;
    history.set_name("E/a");
    history.add_metrics("acc");
    const auto answer = store_->metrics().GetHistory(history);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok() || answer->series().empty()) return {};
    const auto& times = answer->series(0).points().times_ms();
    return {times.begin(), times.end()};
  }
  static int64_t At(const char* rfc3339) {
    absl::Time time;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, nullptr));
    return absl::ToUnixMillis(time);
  }
};

TEST_F(AttemptZoneTest, ByNameSummerAndWinterDiffer) {
  v1::Started started;
  started.set_time_zone("Europe/Berlin");
  started.set_utc_offset_seconds(3600);
  EXPECT_EQ(TimesOf(started),
            (std::vector{At("2026-01-15T12:00:00+01:00"), At("2026-07-15T12:00:00+02:00")}));
}

TEST_F(AttemptZoneTest, AZoneThatIsNotKnownHereHasTheOffsetOfTheStart) {
  v1::Started started;
  started.set_time_zone("Mars/Olympus");
  started.set_utc_offset_seconds(5 * 3600);
  EXPECT_EQ(TimesOf(started),
            (std::vector{At("2026-01-15T12:00:00+05:00"), At("2026-07-15T12:00:00+05:00")}));
}

TEST_F(AttemptZoneTest, WhoSaysNothingIsReadAsUtc) {
  EXPECT_EQ(TimesOf({}), (std::vector{At("2026-01-15T12:00:00Z"), At("2026-07-15T12:00:00Z")}));
}

}  // namespace
}  // namespace xp::backfill
