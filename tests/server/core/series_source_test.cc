#include "server/core/series_source.h"

#include <gtest/gtest.h>

namespace xp::core {
namespace {

using S = SeriesSource;

TEST(SeriesSourceTest, MetricsFileBeforeWriterBeforeLog) {
  EXPECT_EQ(PreferredSource({S::kLog, S::kWriter, S::kMetricsFile}), 2u);
  EXPECT_EQ(PreferredSource({S::kLog, S::kWriter}), 1u);
  EXPECT_EQ(PreferredSource({S::kLog}), 0u);
  EXPECT_EQ(PreferredSource({S::kWriter, S::kWriter}), 0u);
}

TEST(SeriesSourceTest, TheNoteSaysWhereElseTheNameIs) {
  EXPECT_EQ(SourceNote({S::kLog}), "");
  EXPECT_EQ(SourceNote({S::kLog, S::kMetricsFile}), "from the metrics file; also in the log");
  EXPECT_EQ(SourceNote({S::kLog, S::kMetricsFile, S::kWriter}),
            "from the metrics file; also in the log and the writer");
}

}  // namespace
}  // namespace xp::core
