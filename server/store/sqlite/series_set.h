// The series of one attempt in memory for the length of a change or a query: loaded from its
// blocks, changed, and only the changed blocks written back.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "server/core/metric_point.h"
#include "server/store/series_block.h"
#include "server/store/sqlite/database.h"

namespace xp::store {

// Not thread safe.
class SeriesSet {
 public:
  static absl::StatusOr<SeriesSet> Load(Database& db, int64_t attempt_id);

  // A series' number is its place here; it never changes.
  const std::vector<SeriesEntry>& entries() const { return entries_; }
  // For a change: the block will be written.
  SeriesEntry& Edit(uint32_t number);

  std::optional<uint32_t> Find(v1::SourceKind source, std::string_view writer_id,
                               std::string_view metric, SeriesStatus status) const;
  // Of the live series of `metric`, the one that compare shows (core/series_source).
  std::optional<uint32_t> Preferred(std::string_view metric) const;
  size_t live_count() const;

  // RESOURCE_EXHAUSTED: more series than an attempt's blocks hold, backfills included.
  absl::StatusOr<uint32_t> Add(SeriesEntry entry);

  // Numbers the steps that nobody printed, adds `points` to the summary and stores them.
  absl::Status Append(Database& db, uint32_t number, std::vector<core::MetricPoint> points);

  absl::Status Save(Database& db);

  int64_t attempt_id() const { return attempt_id_; }

 private:
  explicit SeriesSet(int64_t attempt_id) : attempt_id_(attempt_id) {}

  int64_t attempt_id_;
  std::vector<SeriesEntry> entries_;
  std::vector<bool> dirty_blocks_;
};

// The points of a series in source order, chunk by chunk: `take` is called with each chunk's
// points.
absl::Status ForEachChunk(
    Database& db, int64_t attempt_id, uint32_t series,
    const std::function<absl::Status(const std::vector<core::MetricPoint>&)>& take);

}  // namespace xp::store
