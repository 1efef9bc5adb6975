#include "worker/daemon/metrics_pump.h"

#include <sys/stat.h>

#include <algorithm>

#include "proto/limits.h"
#include "worker/capture/log_tail.h"
#include "worker/daemon/report_message.h"

namespace xp::daemon {

void MetricsPump::Restart(SourcePosition held) {
  window_.Restart(held);
  times_ = {};
}

bool MetricsPump::Exists() const {
  struct stat info;
  return stat(path_.c_str(), &info) == 0 || window_.held().position.offset > 0 ||
         window_.held().generation > 0;
}

absl::StatusOr<std::optional<v1::Report>> MetricsPump::Next(capture::LogEnd end,
                                                            uint64_t elsewhere) {
  if (!window_.MaySend(clock_.Monotonic(), elsewhere)) return std::nullopt;
  auto read = capture::ReadTail(path_, window_.next().position.offset, limits::kReportMaxBytes);
  if (!read.ok()) return read.status();
  // A file emptied waits for its first bytes: a generation without any says nothing.
  if (read->state == capture::TailState::kTruncated && read->file_size > 0) {
    // What is in flight belongs to the generation before: it is answered first.
    if (!window_.idle()) return std::nullopt;
    const capture::MetricsPosition next = capture::NextMetricsPosition(
        {.generation = static_cast<uint32_t>(window_.next().generation),
         .position = window_.next().position},
        read->file_size);
    window_.Jump({.generation = static_cast<int32_t>(next.generation), .position = next.position});
    times_ = {};
    read = capture::ReadTail(path_, next.position.offset, limits::kReportMaxBytes);
    if (!read.ok()) return read.status();
  }
  if (read->state != capture::TailState::kBytes) return std::nullopt;
  const SourcePosition from = window_.next();
  const uint64_t read_to = from.position.offset + read->bytes.size();
  times_.Add({.offset = read_to, .time_ms = absl::ToUnixMillis(clock_.Now())});
  const bool last = end == capture::LogEnd::kFinal && read_to >= read->file_size;
  const capture::MetricsReport report = capture::CutMetricsReport(
      from.position, read->bytes, times_, &names_,
      {.end = last ? capture::LogEnd::kFinal : capture::LogEnd::kMayGrow, .zone = zone_});
  if (report.bytes() == 0) return std::nullopt;
  TakePromises(report, from.generation);
  v1::Report message = MetricsReportMessage(
      report, std::string_view(read->bytes).substr(0, report.bytes()), times_, from.generation);
  times_.ForgetBefore(report.to.offset);
  window_.Sent({.generation = from.generation, .position = report.to});
  return message;
}

void MetricsPump::TakePromises(const capture::MetricsReport& report, int32_t generation) {
  if (generation < promises_to_.generation) return;
  if (generation > promises_to_.generation) promises_to_ = {.generation = generation};
  uint64_t& seen = promises_to_.position.offset;
  for (const capture::SilenceMarker& silence : report.silences) {
    if (silence.offset >= seen) promise_ = absl::Seconds(silence.seconds);
  }
  seen = std::max(seen, report.to.offset);
}

bool MetricsPump::Done() {
  const SourcePosition end = End();
  return window_.idle() && window_.held().generation == end.generation &&
         window_.held().position.offset == end.position.offset;
}

SourcePosition MetricsPump::End() const {
  struct stat info;
  const SourcePosition& next = window_.next();
  // A file that was removed, or begun anew and left empty, has nothing that is not held.
  if (stat(path_.c_str(), &info) != 0 || info.st_size == 0) return next;
  const auto size = static_cast<uint64_t>(info.st_size);
  const bool shrunk = size < next.position.offset;
  return {.generation = next.generation + (shrunk ? 1 : 0),
          .position = {.offset = size, .inside_long_line = false}};
}

}  // namespace xp::daemon
