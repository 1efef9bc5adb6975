#include "worker/daemon/report_message.h"

#include <zstd.h>

#include <cmath>
#include <limits>

namespace xp::daemon {
namespace {

// metrics.proto, Points.steps: a step that nobody printed.
constexpr int64_t kNoStep = std::numeric_limits<int64_t>::min();
// The server packs log bytes anew as it stores them: what counts here is speed.
constexpr int kZstdLevel = 1;

void SetBytes(std::string_view bytes, v1::Report* message) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kZstdLevel);
  if (ZSTD_isError(size) || size >= bytes.size()) {
    message->set_data(std::string(bytes));
    return;
  }
  packed.resize(size);
  message->set_data(std::move(packed));
  message->set_zstd(true);
}

void SetTimes(const capture::ArrivalTimes& times, uint64_t from, uint64_t to, v1::Report* message) {
  for (const capture::ArrivalRange& range : times.Ranges(from, to)) {
    message->add_time_offsets(range.begin);
    message->add_times_ms(range.time_ms);
  }
}

void SetPoints(const std::vector<std::string>& series, const std::vector<capture::Point>& points,
               v1::Report* message) {
  std::vector<char> has_step(series.size()), has_epoch(series.size());
  for (const capture::Point& point : points) {
    has_step[point.series] |= point.step.has_value();
    has_epoch[point.series] |= point.epoch.has_value();
  }
  for (const std::string& name : series) message->add_series()->set_metric(name);
  for (const capture::Point& point : points) {
    v1::Points& columns =
        *message->mutable_series(static_cast<int>(point.series))->mutable_points();
    columns.add_values(point.value);
    columns.add_times_ms(point.time_ms);
    columns.add_offsets(point.offset);
    if (has_step[point.series]) columns.add_steps(point.step.value_or(kNoStep));
    if (has_epoch[point.series]) columns.add_epochs(point.epoch.value_or(std::nan("")));
  }
}

// Left out where the bytes had nothing for it.
void AddCounters(const std::string& label, const capture::RuleCounters& counters,
                 v1::Report* message) {
  if (counters.matches == 0 && counters.nearest.score == 0 && counters.last_rejected.text.empty()) {
    return;
  }
  v1::DefinitionReceipt& receipt = *message->add_definitions();
  receipt.set_name(label);
  receipt.set_matches(counters.matches);
  receipt.set_numbers(counters.numbers);
  receipt.set_rejected(counters.rejected);
  receipt.set_dropped_beyond_limit(counters.beyond_limits);
  receipt.set_dropped_at_cut(counters.dropped_at_cut);
  receipt.set_fields_rejected(counters.fields_rejected);
  receipt.set_last_sample(counters.last.text);
  receipt.set_rejected_sample(counters.last_rejected.text);
  if (counters.matches == 0) receipt.set_nearest_line(counters.nearest.line.text);
  for (const std::string& name : counters.dropped_series) receipt.add_dropped_series(name);
}

}  // namespace

v1::Report LogReportMessage(const capture::Report& report, std::string_view bytes,
                            const capture::ArrivalTimes& times, const capture::MetricRules& rules) {
  v1::Report message;
  message.set_source(v1::SOURCE_KIND_LOG);
  message.set_from(report.from.offset);
  message.set_to(report.to.offset);
  message.set_inside_over_long_line(report.to.inside_long_line);
  message.set_lines(report.lines);
  message.set_over_long_lines(report.long_lines);
  SetBytes(bytes, &message);
  SetTimes(times, report.from.offset, report.to.offset, &message);
  SetPoints(report.series, report.points, &message);
  for (size_t rule = 0; rule < report.counters.size(); ++rule) {
    AddCounters(rules.label(rule), report.counters[rule], &message);
  }
  return message;
}

v1::Report MetricsReportMessage(const capture::MetricsReport& report, std::string_view bytes,
                                const capture::ArrivalTimes& times, int generation) {
  v1::Report message;
  message.set_source(v1::SOURCE_KIND_METRICS_FILE);
  message.set_generation(generation);
  message.set_from(report.from.offset);
  message.set_to(report.to.offset);
  message.set_inside_over_long_line(report.to.inside_long_line);
  message.set_lines(report.lines);
  message.set_over_long_lines(report.long_lines);
  message.set_bad_lines(report.bad_lines);
  message.set_bad_line_sample(report.last_bad_line.text);
  SetBytes(bytes, &message);
  SetTimes(times, report.from.offset, report.to.offset, &message);
  SetPoints(report.series, report.points, &message);
  AddCounters(capture::kMetricsFileLabel, report.counters, &message);
  for (const capture::ResumedMarker& marker : report.resumed) {
    message.set_resumed(true);
    if (marker.step.has_value()) message.set_resumed_from_step(*marker.step);
  }
  return message;
}

}  // namespace xp::daemon
