#include "server/store/series_block.h"

#include <absl/base/casts.h>

#include "server/core/byte_stream.h"

namespace xp::store {
namespace {

constexpr uint8_t kBlockVersion = 1;

// Flags of an entry.
constexpr uint8_t kHasStep = 1;
constexpr uint8_t kHasEpoch = 2;
constexpr uint8_t kHasPrefix = 4;

void PutDouble(core::ByteWriter& out, double value) {
  out.Fixed64(absl::bit_cast<uint64_t>(value));
}
double GetDouble(core::ByteReader& in) { return absl::bit_cast<double>(in.Fixed64()); }

void PutText(core::ByteWriter& out, std::string_view text) {
  out.Varint(text.size());
  out.Bytes(text);
}
std::string GetText(core::ByteReader& in) { return std::string(in.Bytes(in.Varint())); }

void PutInt(core::ByteWriter& out, int64_t value) { out.Varint(core::ZigZag(value)); }
int64_t GetInt(core::ByteReader& in) { return core::UnZigZag(in.Varint()); }

// An epoch that nobody printed is one byte, not nine: most are.
void PutPoint(core::ByteWriter& out, const core::SummaryPoint& point) {
  PutDouble(out, point.value);
  PutInt(out, point.step);
  PutInt(out, point.time_ms);
  const bool has_epoch = point.epoch == point.epoch;
  out.Byte(has_epoch ? 1 : 0);
  if (has_epoch) PutDouble(out, point.epoch);
}
void GetPoint(core::ByteReader& in, core::SummaryPoint& point) {
  point.value = GetDouble(in);
  point.step = GetInt(in);
  point.time_ms = GetInt(in);
  point.epoch = in.Byte() != 0 ? GetDouble(in) : core::kNoEpoch;
}

void PutSummary(core::ByteWriter& out, const core::MetricSummary& summary) {
  out.Varint(summary.count);
  out.Varint(summary.nan_count);
  out.Varint(summary.inf_count);
  if (summary.count == 0) return;
  PutDouble(out, summary.mean);
  PutDouble(out, summary.m2);
  for (const auto* point : {&summary.min, &summary.max, &summary.first, &summary.last}) {
    PutPoint(out, *point);
  }
}
void GetSummary(core::ByteReader& in, core::MetricSummary& summary) {
  summary.count = in.Varint();
  summary.nan_count = in.Varint();
  summary.inf_count = in.Varint();
  if (summary.count == 0) return;
  summary.mean = GetDouble(in);
  summary.m2 = GetDouble(in);
  for (auto* point : {&summary.min, &summary.max, &summary.first, &summary.last}) {
    GetPoint(in, *point);
  }
}

void PutEntry(core::ByteWriter& out, const SeriesEntry& entry) {
  PutText(out, entry.metric);
  out.Byte(static_cast<uint8_t>(entry.source));
  PutText(out, entry.writer_id);
  out.Varint(static_cast<uint64_t>(entry.revision));
  out.Byte(static_cast<uint8_t>(entry.status));
  out.Byte((entry.first_printed_step ? kHasStep : 0) | (entry.first_epoch ? kHasEpoch : 0) |
           (entry.prefix ? kHasPrefix : 0));
  PutInt(out, entry.last_time_ms);
  PutInt(out, entry.last_step);
  if (entry.first_printed_step) PutInt(out, *entry.first_printed_step);
  if (entry.first_epoch) PutDouble(out, *entry.first_epoch);
  PutSummary(out, entry.summary);
  if (entry.prefix) PutSummary(out, *entry.prefix);
}

SeriesEntry GetEntry(core::ByteReader& in) {
  SeriesEntry entry;
  entry.metric = GetText(in);
  entry.source = static_cast<v1::SourceKind>(in.Byte());
  entry.writer_id = GetText(in);
  entry.revision = static_cast<int32_t>(in.Varint());
  entry.status = static_cast<SeriesStatus>(in.Byte());
  const uint8_t flags = in.Byte();
  entry.last_time_ms = GetInt(in);
  entry.last_step = GetInt(in);
  if (flags & kHasStep) entry.first_printed_step = GetInt(in);
  if (flags & kHasEpoch) entry.first_epoch = GetDouble(in);
  GetSummary(in, entry.summary);
  if (flags & kHasPrefix) GetSummary(in, entry.prefix.emplace());
  return entry;
}

}  // namespace

void SeriesEntry::Add(const core::MetricPoint& point) {
  summary.Add(point);
  last_time_ms = point.time_ms;
  last_step = point.step;
  if (point.step_printed && !first_printed_step) first_printed_step = point.step;
  if (point.has_epoch() && !first_epoch) first_epoch = point.epoch;
}

core::AttemptSeries SeriesEntry::ForResume(int32_t attempt, core::AttemptStart start) const {
  return {attempt, start, summary.points(), first_printed_step, first_epoch};
}

std::string PackBlock(const std::vector<SeriesEntry>& entries) {
  core::ByteWriter out;
  out.Byte(kBlockVersion);
  out.Varint(entries.size());
  for (const SeriesEntry& entry : entries) PutEntry(out, entry);
  return std::move(out).Take();
}

absl::StatusOr<std::vector<SeriesEntry>> UnpackBlock(std::string_view bytes) {
  core::ByteReader in(bytes);
  const uint8_t version = in.Byte();
  const uint64_t count = in.Varint();
  if (!in.ok() || version != kBlockVersion || count > kSeriesPerBlock) {
    return absl::DataLossError("a block of series cannot be read");
  }
  std::vector<SeriesEntry> entries;
  entries.reserve(count);
  for (uint64_t i = 0; i < count && in.ok(); ++i) entries.push_back(GetEntry(in));
  if (!in.ok() || !in.at_end()) return absl::DataLossError("a block of series is damaged");
  return entries;
}

}  // namespace xp::store
