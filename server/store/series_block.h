// An attempt's series: names, sources and running summaries, packed 32 to a stored block, so that a
// report rewrites few small rows and compare reads one or two per trial. Layout: docs/database.md.
// Plain data and pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/metric_summary.h"
#include "server/core/resume.h"
#include "xp/v1/metrics.pb.h"

namespace xp::store {

inline constexpr uint32_t kSeriesPerBlock = 32;
inline constexpr int64_t kBlocksPerAttempt = 1024;  // series_blocks.id = attempt_id * this + block

enum class SeriesStatus : uint8_t {
  kLive = 0,        // counts
  kAside = 1,       // a backfill is building it
  kSuperseded = 2,  // an older revision: kept, not compared
  kDropped = 3,     // an aside that was given up; its number is free to be used again
};

struct SeriesEntry {
  std::string metric;
  v1::SourceKind source = v1::SOURCE_KIND_LOG;
  std::string writer_id;  // of a writer
  int32_t revision = 1;   // of the definition
  SeriesStatus status = SeriesStatus::kLive;

  core::MetricSummary summary;
  int64_t last_time_ms = 0;  // of the newest point, finite or not
  int64_t last_step = 0;
  std::optional<int64_t> first_printed_step;
  std::optional<double> first_epoch;

  // What counts of its predecessors when the attempt is resumed (core/resume.h): summarised once.
  std::optional<core::MetricSummary> prefix;

  // A point that follows, in source order.
  void Add(const core::MetricPoint& point);
  // What core/resume asks.
  core::AttemptSeries ForResume(int32_t attempt, core::AttemptStart start) const;
};

std::string PackBlock(const std::vector<SeriesEntry>& entries);

// DATA_LOSS when the bytes are not a packed block.
absl::StatusOr<std::vector<SeriesEntry>> UnpackBlock(std::string_view bytes);

}  // namespace xp::store
