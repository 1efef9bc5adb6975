#include "server/store/sqlite/series_set.h"

#include <algorithm>

#include "proto/status.h"
#include "server/core/chunk_header.h"
#include "server/core/series_chunk.h"
#include "server/core/series_source.h"

namespace xp::store {
namespace {

core::SeriesSource SourceOf(v1::SourceKind kind) {
  switch (kind) {
    case v1::SOURCE_KIND_METRICS_FILE:
      return core::SeriesSource::kMetricsFile;
    case v1::SOURCE_KIND_WRITER:
      return core::SeriesSource::kWriter;
    default:
      return core::SeriesSource::kLog;
  }
}

}  // namespace

absl::StatusOr<SeriesSet> SeriesSet::Load(Database& db, int64_t attempt_id) {
  SeriesSet set(attempt_id);
  Query query(db, "SELECT data FROM series_blocks WHERE id BETWEEN ? AND ? ORDER BY id",
              attempt_id * kBlocksPerAttempt, (attempt_id + 1) * kBlocksPerAttempt - 1);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(auto block, UnpackBlock(query.View(0)));
    set.dirty_blocks_.push_back(false);
    for (SeriesEntry& entry : block) set.entries_.push_back(std::move(entry));
  }
  XP_RETURN_IF_ERROR(query.status());
  return set;
}

SeriesEntry& SeriesSet::Edit(uint32_t number) {
  dirty_blocks_[number / kSeriesPerBlock] = true;
  return entries_[number];
}

std::optional<uint32_t> SeriesSet::Find(v1::SourceKind source, std::string_view writer_id,
                                        std::string_view metric, SeriesStatus status) const {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const SeriesEntry& entry = entries_[i];
    if (entry.metric == metric && entry.source == source && entry.writer_id == writer_id &&
        entry.status == status) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<uint32_t> SeriesSet::Preferred(std::string_view metric) const {
  std::optional<uint32_t> best;
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const SeriesEntry& entry = entries_[i];
    if (entry.metric != metric || entry.status != SeriesStatus::kLive) continue;
    if (!best || SourceOf(entry.source) < SourceOf(entries_[*best].source)) best = i;
  }
  return best;
}

size_t SeriesSet::live_count() const {
  return std::count_if(entries_.begin(), entries_.end(), [](const SeriesEntry& entry) {
    return entry.status == SeriesStatus::kLive;
  });
}

absl::StatusOr<uint32_t> SeriesSet::Add(SeriesEntry entry) {
  const auto number = static_cast<uint32_t>(entries_.size());
  if (number >= kSeriesPerBlock * kBlocksPerAttempt) {
    return absl::ResourceExhaustedError(
        "the attempt has all the series that are stored of one, older revisions included");
  }
  entries_.push_back(std::move(entry));
  if (number / kSeriesPerBlock >= dirty_blocks_.size()) dirty_blocks_.push_back(true);
  dirty_blocks_[number / kSeriesPerBlock] = true;
  return number;
}

absl::Status SeriesSet::Append(Database& db, uint32_t number,
                               std::vector<core::MetricPoint> points) {
  SeriesEntry& entry = Edit(number);
  uint64_t position = entry.summary.points();
  for (core::MetricPoint& point : points) {
    if (!point.step_printed) point.step = static_cast<int64_t>(entry.summary.points()) + 1;
    entry.Add(point);
  }
  for (const core::SeriesChunk& chunk : core::EncodeSeries(points)) {
    XP_RETURN_IF_ERROR(db.Run(
        "INSERT INTO point_chunks (attempt_id, series, first_position, points, header, data) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        attempt_id_, number, position, chunk.header.count,
        BlobView{core::PackChunkHeader(chunk.header)}, BlobView{chunk.bytes}));
    position += chunk.header.count;
  }
  return absl::OkStatus();
}

absl::Status SeriesSet::Save(Database& db) {
  for (size_t block = 0; block < dirty_blocks_.size(); ++block) {
    if (!dirty_blocks_[block]) continue;
    const auto begin = entries_.begin() + static_cast<ptrdiff_t>(block * kSeriesPerBlock);
    const auto end = entries_.begin() + static_cast<ptrdiff_t>(std::min(
                                            entries_.size(), (block + 1) * kSeriesPerBlock));
    XP_RETURN_IF_ERROR(db.Run("INSERT OR REPLACE INTO series_blocks (id, data) VALUES (?, ?)",
                              attempt_id_ * kBlocksPerAttempt + static_cast<int64_t>(block),
                              BlobView{PackBlock({begin, end})}));
    dirty_blocks_[block] = false;
  }
  return absl::OkStatus();
}

absl::Status ForEachChunk(
    Database& db, int64_t attempt_id, uint32_t series,
    const std::function<absl::Status(const std::vector<core::MetricPoint>&)>& take) {
  Query query(db,
              "SELECT data FROM point_chunks WHERE attempt_id = ? AND series = ? "
              "ORDER BY first_position",
              attempt_id, series);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(const auto points, core::DecodeSeriesChunk(query.View(0)));
    XP_RETURN_IF_ERROR(take(points));
  }
  return query.status();
}

}  // namespace xp::store
