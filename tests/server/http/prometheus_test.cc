#include "server/http/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::http {
namespace {

using testing::HasSubstr;

TEST(PrometheusTest, EachFigureHasItsTypeAndValue) {
  v1::Stats stats;
  stats.set_version("0.1.0");
  stats.set_trials_queued(7);
  stats.set_commits(12);
  stats.mutable_commit_time()->set_seconds(1);
  stats.mutable_commit_time()->set_nanos(500'000'000);
  const std::string text = PrometheusText(stats);
  EXPECT_THAT(text, HasSubstr("xp_build_info{version=\"0.1.0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE xp_trials_queued gauge\nxp_trials_queued 7\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE xp_commits_total counter\nxp_commits_total 12\n"));
  EXPECT_THAT(text, HasSubstr("xp_commit_seconds_total 1.5\n"));
}

}  // namespace
}  // namespace xp::http
