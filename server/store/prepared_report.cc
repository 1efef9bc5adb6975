#include "server/store/prepared_report.h"

#include <algorithm>
#include <limits>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/store/text_tail.h"

namespace xp::store {
namespace {

// The step that nobody printed (metrics.proto).
constexpr int64_t kNoStep = std::numeric_limits<int64_t>::min();

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ": ", ToAbsl(what)));
}

absl::Status CheckLength(const std::string& field, int length, int expected) {
  if (length == expected) return absl::OkStatus();
  return Bad(field, absl::StrCat("has ", length, " elements; values has ", expected));
}

absl::Status PrepareData(const v1::Report& report, std::string& packed) {
  if (report.to() < report.from()) return Bad("to", "lies before from");
  const uint64_t length = report.to() - report.from();
  if (length > limits::kReportMaxBytes) {
    return Bad("to", absl::StrCat("lies ", length, " bytes after from; at most ",
                                  limits::kReportMaxBytes, " are accepted"));
  }
  if (!report.zstd()) {
    if (report.data().size() != length) {
      return Bad("data",
                 absl::StrCat("has ", report.data().size(), " bytes; from and to say ", length));
    }
    if (length > 0) packed = PackLogBytes(report.data());
    return absl::OkStatus();
  }
  if (length == 0 && report.data().empty()) return absl::OkStatus();
  // A frame of the worker's own is kept as it is, once it is known to be sound.
  auto plain = UnpackLogBytes(report.data());
  if (!plain.ok()) return Bad("data", FormatStatus(plain.status()));
  if (plain->size() != length) {
    return Bad("data",
               absl::StrCat("unpacks to ", plain->size(), " bytes; from and to say ", length));
  }
  if (length > 0) packed = report.data();
  return absl::OkStatus();
}

absl::Status PrepareTimes(const v1::Report& report, ArrivalTimes& times) {
  if (report.time_offsets_size() != report.times_ms_size()) {
    return Bad("times_ms",
               absl::StrCat("has ", report.times_ms_size(), " elements; time_offsets has ",
                            report.time_offsets_size()));
  }
  if (report.from() < report.to() &&
      (report.time_offsets_size() == 0 || report.time_offsets(0) > report.from())) {
    return Bad("time_offsets", "the first must cover from");
  }
  for (int i = 0; i < report.time_offsets_size(); ++i) {
    const uint64_t offset = std::max(report.time_offsets(i), report.from());
    if (i > 0 && report.time_offsets(i) <= report.time_offsets(i - 1)) {
      return Bad(absl::StrCat("time_offsets[", i, "]"), "does not lie after the one before");
    }
    if (offset >= report.to()) break;
    if (!times.empty() && times.back().first == offset) times.pop_back();
    times.emplace_back(offset, report.times_ms(i));
  }
  return absl::OkStatus();
}

// The offset makes a report count once; what moves no offset must not count at all.
absl::Status CheckEmptyRange(const v1::Report& report) {
  if (report.from() != report.to()) return absl::OkStatus();
  bool counts = report.series_size() > 0 || report.lines() > 0 || report.over_long_lines() > 0 ||
                report.bad_lines() > 0;
  for (const v1::DefinitionReceipt& definition : report.definitions()) {
    counts = counts || definition.matches() > 0 || definition.numbers() > 0 ||
             definition.rejected() > 0 || definition.dropped_beyond_limit() > 0 ||
             definition.dropped_at_cut() > 0 || definition.fields_rejected() > 0;
  }
  if (!counts) return absl::OkStatus();
  return Bad("to", "is from: points and counters come with the bytes in which they were found");
}

}  // namespace

absl::StatusOr<IncomingSeries> ReadSeriesPoints(const std::string& field,
                                                const v1::SeriesPoints& series,
                                                std::optional<int64_t> arrival_ms) {
  if (series.metric().empty() || series.metric().size() > limits::kMetricNameMaxLength) {
    return Bad(field + ".metric", absl::StrCat("has ", series.metric().size(), " bytes; 1 to ",
                                               limits::kMetricNameMaxLength, " are accepted"));
  }
  const v1::Points& points = series.points();
  const int count = points.values_size();
  if (points.steps_size() != 0) {
    XP_RETURN_IF_ERROR(CheckLength(field + ".points.steps", points.steps_size(), count));
  }
  if (points.epochs_size() != 0) {
    XP_RETURN_IF_ERROR(CheckLength(field + ".points.epochs", points.epochs_size(), count));
  }
  if (points.times_ms_size() != 0 || !arrival_ms) {
    XP_RETURN_IF_ERROR(CheckLength(field + ".points.times_ms", points.times_ms_size(), count));
  }
  if (points.offsets_size() != 0 || !arrival_ms) {
    XP_RETURN_IF_ERROR(CheckLength(field + ".points.offsets", points.offsets_size(), count));
  }
  IncomingSeries incoming{ToUtf8(series.metric()), {}};
  incoming.points.resize(count);
  for (int i = 0; i < count; ++i) {
    core::MetricPoint& point = incoming.points[i];
    point.value = points.values(i);
    if (points.steps_size() != 0 && points.steps(i) != kNoStep) {
      point.step = points.steps(i);
      point.step_printed = true;
    }
    if (points.epochs_size() != 0) point.epoch = points.epochs(i);
    point.time_ms = points.times_ms_size() != 0 ? points.times_ms(i) : *arrival_ms;
    if (points.offsets_size() != 0) point.log_offset = points.offsets(i);
  }
  return incoming;
}

absl::StatusOr<std::shared_ptr<const PreparedReport>> PrepareReport(const v1::Report& report) {
  if (report.source() != v1::SOURCE_KIND_LOG && report.source() != v1::SOURCE_KIND_METRICS_FILE) {
    return Bad("source", absl::StrCat(report.source(),
                                      " is no source of a report; LOG and "
                                      "METRICS_FILE are"));
  }
  if (report.source() == v1::SOURCE_KIND_LOG && report.generation() != 0) {
    return Bad("generation", "the log has generation 0 only");
  }
  XP_RETURN_IF_ERROR(CheckEmptyRange(report));
  auto prepared = std::make_shared<PreparedReport>();
  XP_RETURN_IF_ERROR(PrepareData(report, prepared->data));
  XP_RETURN_IF_ERROR(PrepareTimes(report, prepared->times));
  prepared->series.reserve(report.series_size());
  for (int i = 0; i < report.series_size(); ++i) {
    XP_ASSIGN_OR_RETURN(IncomingSeries series, ReadSeriesPoints(absl::StrCat("series[", i, "]"),
                                                                report.series(i), std::nullopt));
    prepared->series.push_back(std::move(series));
  }
  v1::Report& message = prepared->message;
  *message.mutable_attempt() = report.attempt();
  message.set_source(report.source());
  message.set_generation(report.generation());
  message.set_from(report.from());
  message.set_to(report.to());
  message.set_inside_over_long_line(report.inside_over_long_line());
  *message.mutable_definitions() = report.definitions();
  message.set_lines(report.lines());
  message.set_over_long_lines(report.over_long_lines());
  message.set_bad_lines(report.bad_lines());
  message.set_bad_line_sample(report.bad_line_sample());
  message.set_resumed(report.resumed());
  if (report.has_resumed_from_step()) {
    message.set_resumed_from_step(report.resumed_from_step());
  }
  return std::shared_ptr<const PreparedReport>(std::move(prepared));
}

}  // namespace xp::store
