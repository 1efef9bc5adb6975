#include "server/core/series_chunk.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "server/core/byte_stream.h"
#include "server/core/column_codec.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

constexpr uint8_t kChunkVersion = 1;
enum Packing : uint8_t { kPlain = 0, kZstd = 1 };

// Below this zstd saves a few dozen bytes for more time than all else takes; such chunks are merged
// soon, and the large ones that they become are packed.
constexpr size_t kZstdFromBytes = 512;

// No column needs more than 10 bytes a point.
constexpr size_t PayloadMax(size_t count) { return 64 * count + 64; }

absl::Status DataLoss(std::string_view what) {
  return absl::DataLossError(absl::StrCat("no whole series chunk: ", ToAbsl(what)));
}

std::string PackColumns(absl::Span<const MetricPoint> points) {
  std::vector<uint64_t> steps, times, offsets;
  std::vector<bool> printed, has_epoch;
  std::vector<double> epochs, values;
  for (const MetricPoint& point : points) {
    steps.push_back(static_cast<uint64_t>(point.step));
    printed.push_back(point.step_printed);
    has_epoch.push_back(point.has_epoch());
    if (point.has_epoch()) epochs.push_back(point.epoch);
    times.push_back(static_cast<uint64_t>(point.time_ms));
    offsets.push_back(point.log_offset);
    values.push_back(point.value);
  }
  ByteWriter out;
  WriteIntColumn(steps, out);
  WriteFlagColumn(printed, out);
  WriteFlagColumn(has_epoch, out);
  if (!epochs.empty()) WriteDoubleColumn(epochs, out);
  WriteIntColumn(times, out);
  WriteIntColumn(offsets, out);
  WriteDoubleColumn(values, out);
  return std::move(out).Take();
}

absl::StatusOr<std::vector<MetricPoint>> UnpackColumns(std::string_view payload, size_t count) {
  ByteReader in(payload);
  std::vector<uint64_t> steps, times, offsets;
  std::vector<bool> printed, has_epoch;
  std::vector<double> epochs, values;
  if (!ReadIntColumn(in, count, steps)) return DataLoss("its steps cannot be read");
  if (!ReadFlagColumn(in, count, printed) || !ReadFlagColumn(in, count, has_epoch)) {
    return DataLoss("its flags cannot be read");
  }
  const auto known = static_cast<size_t>(std::count(has_epoch.begin(), has_epoch.end(), true));
  if (known > 0 && !ReadDoubleColumn(in, known, epochs)) {
    return DataLoss("its epochs cannot be read");
  }
  if (!ReadIntColumn(in, count, times)) return DataLoss("its times cannot be read");
  if (!ReadIntColumn(in, count, offsets)) return DataLoss("its log offsets cannot be read");
  if (!ReadDoubleColumn(in, count, values)) return DataLoss("its values cannot be read");
  if (!in.at_end()) return DataLoss("there are bytes behind its last column");

  std::vector<MetricPoint> points(count);
  size_t epoch = 0;
  for (size_t i = 0; i < count; ++i) {
    points[i].value = values[i];
    points[i].step = static_cast<int64_t>(steps[i]);
    points[i].step_printed = printed[i];
    if (has_epoch[i]) points[i].epoch = epochs[epoch++];
    points[i].time_ms = static_cast<int64_t>(times[i]);
    points[i].log_offset = offsets[i];
  }
  return points;
}

std::string EncodeOne(absl::Span<const MetricPoint> points) {
  const std::string payload = PackColumns(points);
  ByteWriter out;
  out.Byte(kChunkVersion);
  std::string packed;
  if (payload.size() >= kZstdFromBytes) {
    packed.resize(ZSTD_compressBound(payload.size()));
    const size_t size = ZSTD_compress(packed.data(), packed.size(), payload.data(), payload.size(),
                                      kChunkZstdLevel);
    packed.resize(ZSTD_isError(size) != 0 ? 0 : size);
  }
  if (!packed.empty() && packed.size() < payload.size()) {
    out.Byte(kZstd);
    out.Varint(points.size());
    out.Varint(payload.size());
    out.Bytes(packed);
  } else {
    out.Byte(kPlain);
    out.Varint(points.size());
    out.Bytes(payload);
  }
  out.Checksum();
  return std::move(out).Take();
}

}  // namespace

std::vector<SeriesChunk> EncodeSeries(absl::Span<const MetricPoint> points) {
  std::vector<SeriesChunk> chunks;
  while (!points.empty()) {
    const absl::Span<const MetricPoint> part = points.subspan(0, kChunkPointsMax);
    points.remove_prefix(part.size());
    chunks.push_back({MakeChunkHeader(part), EncodeOne(part)});
  }
  return chunks;
}

absl::StatusOr<std::vector<MetricPoint>> DecodeSeriesChunk(std::string_view bytes) {
  const std::optional<std::string_view> body = CheckChecksum(bytes);
  if (!body.has_value()) return DataLoss("its checksum does not agree with its bytes");
  ByteReader in(*body);
  const uint8_t version = in.Byte();
  if (version != kChunkVersion) {
    return DataLoss(absl::StrCat("version ", version, " where ", kChunkVersion, " is known"));
  }
  const uint8_t packing = in.Byte();
  const uint64_t count = in.Varint();
  if (!in.ok() || packing > kZstd) return DataLoss("its head cannot be read");
  if (count == 0 || count > kChunkPointsMax) {
    return DataLoss(absl::StrCat(count, " points where 1 to ", kChunkPointsMax, " are allowed"));
  }
  if (packing == kPlain) return UnpackColumns(in.Rest(), count);

  const uint64_t size = in.Varint();
  if (!in.ok() || size > PayloadMax(count)) return DataLoss("its unpacked size is impossible");
  const std::string_view frame = in.Rest();
  std::string payload(size, '\0');
  const size_t unpacked =
      ZSTD_decompress(payload.data(), payload.size(), frame.data(), frame.size());
  if (ZSTD_isError(unpacked) != 0 || unpacked != size) return DataLoss("zstd cannot unpack it");
  return UnpackColumns(payload, count);
}

absl::StatusOr<std::vector<SeriesChunk>> MergeSeriesChunks(
    absl::Span<const std::string_view> chunks) {
  std::vector<MetricPoint> points;
  for (size_t i = 0; i < chunks.size(); ++i) {
    absl::StatusOr<std::vector<MetricPoint>> part = DecodeSeriesChunk(chunks[i]);
    if (!part.ok()) {
      return absl::Status(part.status().code(), absl::StrCat("chunk ", i + 1, " of ", chunks.size(),
                                                             ": ", part.status().message()));
    }
    points.insert(points.end(), part->begin(), part->end());
  }
  return EncodeSeries(points);
}

}  // namespace xp::core
