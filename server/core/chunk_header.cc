#include "server/core/chunk_header.h"

#include <absl/status/status.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <vector>

#include "server/core/byte_stream.h"

namespace xp::core {
namespace {

constexpr uint8_t kHeaderVersion = 1;
constexpr uint8_t kAbsent = 0xff;  // in place of a point's number
enum PointFlags : uint8_t { kStepPrinted = 1, kHasEpoch = 2 };

absl::Status DataLoss() { return absl::DataLossError("no whole header of a series chunk"); }

void WritePoint(const PlacedPoint& placed, const ChunkHeader& header, ByteWriter& out) {
  const MetricPoint& point = placed.point;
  out.Varint(placed.index);
  out.Byte(static_cast<uint8_t>((point.step_printed ? kStepPrinted : 0) |
                                (point.has_epoch() ? kHasEpoch : 0)));
  out.Fixed64(std::bit_cast<uint64_t>(point.value));
  if (point.has_epoch()) out.Fixed64(std::bit_cast<uint64_t>(point.epoch));
  // Distances wrap, so that any two numbers have one.
  out.Varint(static_cast<uint64_t>(point.step) - static_cast<uint64_t>(header.min_step));
  out.Varint(static_cast<uint64_t>(point.time_ms) - static_cast<uint64_t>(header.min_time_ms));
  out.Varint(point.log_offset);
}

PlacedPoint ReadPoint(const ChunkHeader& header, ByteReader& in) {
  PlacedPoint placed;
  placed.index = static_cast<uint32_t>(std::min<uint64_t>(in.Varint(), UINT32_MAX));
  const uint8_t flags = in.Byte();
  placed.point.step_printed = (flags & kStepPrinted) != 0;
  placed.point.value = std::bit_cast<double>(in.Fixed64());
  if ((flags & kHasEpoch) != 0) placed.point.epoch = std::bit_cast<double>(in.Fixed64());
  placed.point.step = static_cast<int64_t>(static_cast<uint64_t>(header.min_step) + in.Varint());
  placed.point.time_ms =
      static_cast<int64_t>(static_cast<uint64_t>(header.min_time_ms) + in.Varint());
  placed.point.log_offset = in.Varint();
  return placed;
}

}  // namespace

ChunkHeader MakeChunkHeader(absl::Span<const MetricPoint> points) {
  ChunkHeader header;
  header.count = static_cast<uint32_t>(points.size());
  header.first = {0, points.front()};
  header.last = {header.count - 1, points.back()};
  header.min_step = header.max_step = points.front().step;
  header.min_time_ms = header.max_time_ms = points.front().time_ms;
  for (uint32_t i = 0; i < header.count; ++i) {
    const MetricPoint& point = points[i];
    header.min_step = std::min(header.min_step, point.step);
    header.max_step = std::max(header.max_step, point.step);
    header.min_time_ms = std::min(header.min_time_ms, point.time_ms);
    header.max_time_ms = std::max(header.max_time_ms, point.time_ms);
    if (std::isfinite(point.value)) {
      if (!header.min || point.value < header.min->point.value) header.min = {i, point};
      if (!header.max || point.value > header.max->point.value) header.max = {i, point};
      continue;
    }
    ++(std::isnan(point.value) ? header.nan_count : header.inf_count);
    if (!header.not_finite) header.not_finite = {i, point};
  }
  return header;
}

std::string PackChunkHeader(const ChunkHeader& header) {
  ByteWriter out;
  out.Byte(kHeaderVersion);
  out.Varint(header.count);
  out.Varint(header.nan_count);
  out.Varint(header.inf_count);
  out.Varint(ZigZag(header.min_step));
  out.Varint(static_cast<uint64_t>(header.max_step) - static_cast<uint64_t>(header.min_step));
  out.Varint(ZigZag(header.min_time_ms));
  out.Varint(static_cast<uint64_t>(header.max_time_ms) - static_cast<uint64_t>(header.min_time_ms));
  // Each point once, then which of them is what: a chunk of one point has one.
  std::vector<PlacedPoint> points;
  const auto number = [&](const std::optional<PlacedPoint>& placed) -> uint8_t {
    if (!placed) return kAbsent;
    for (size_t i = 0; i < points.size(); ++i) {
      if (points[i].index == placed->index) return static_cast<uint8_t>(i);
    }
    points.push_back(*placed);
    return static_cast<uint8_t>(points.size() - 1);
  };
  const uint8_t roles[] = {number(header.first), number(header.last), number(header.min),
                           number(header.max), number(header.not_finite)};
  out.Byte(static_cast<uint8_t>(points.size()));
  for (const PlacedPoint& placed : points) WritePoint(placed, header, out);
  for (const uint8_t role : roles) out.Byte(role);
  out.Checksum();
  return std::move(out).Take();
}

absl::StatusOr<ChunkHeader> UnpackChunkHeader(std::string_view bytes) {
  const std::optional<std::string_view> body = CheckChecksum(bytes);
  if (!body.has_value()) return DataLoss();
  ByteReader in(*body);
  if (in.Byte() != kHeaderVersion) return DataLoss();
  ChunkHeader header;
  const uint64_t count = in.Varint();
  const uint64_t nan_count = in.Varint();
  const uint64_t inf_count = in.Varint();
  if (!in.ok() || count == 0 || count > UINT32_MAX || nan_count > count ||
      inf_count > count - nan_count) {
    return DataLoss();
  }
  header.count = static_cast<uint32_t>(count);
  header.nan_count = static_cast<uint32_t>(nan_count);
  header.inf_count = static_cast<uint32_t>(inf_count);
  header.min_step = UnZigZag(in.Varint());
  header.max_step = static_cast<int64_t>(static_cast<uint64_t>(header.min_step) + in.Varint());
  header.min_time_ms = UnZigZag(in.Varint());
  header.max_time_ms =
      static_cast<int64_t>(static_cast<uint64_t>(header.min_time_ms) + in.Varint());

  const uint8_t point_count = in.Byte();
  std::vector<PlacedPoint> points;
  for (int i = 0; i < point_count && in.ok(); ++i) {
    points.push_back(ReadPoint(header, in));
    if (points.back().index >= header.count) return DataLoss();
  }
  const auto role = [&]() -> std::optional<PlacedPoint> {
    const uint8_t number = in.Byte();
    if (number >= points.size()) return std::nullopt;
    return points[number];
  };
  const std::optional<PlacedPoint> first = role();
  const std::optional<PlacedPoint> last = role();
  header.min = role();
  header.max = role();
  header.not_finite = role();
  const bool has_finite = nan_count + inf_count < count;
  const bool complete = first && last && header.min.has_value() == has_finite &&
                        header.max.has_value() == has_finite &&
                        header.not_finite.has_value() == (nan_count + inf_count > 0);
  if (!in.ok() || !in.at_end() || !complete) return DataLoss();
  header.first = *first;
  header.last = *last;
  return header;
}

}  // namespace xp::core
