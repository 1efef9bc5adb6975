#include "client/xpctl/run/run_reports.h"

#include <sys/stat.h>

#include <cmath>
#include <limits>
#include <utility>

#include "proto/limits.h"
#include "proto/status.h"
#include "worker/capture/log_tail.h"
#include "worker/capture/metrics_file.h"
#include "worker/capture/report_cut.h"
#include "worker/runner/time_zone.h"

namespace xp::xpctl {
namespace {

constexpr int64_t kNoStep = std::numeric_limits<int64_t>::min();  // metrics.proto, Points.steps

void SetPoints(const std::vector<std::string>& series, const std::vector<capture::Point>& points,
               v1::Report* message) {
  std::vector<char> has_step(series.size());
  std::vector<char> has_epoch(series.size());
  for (const capture::Point& point : points) {
    has_step[point.series] |= point.step.has_value() ? 1 : 0;
    has_epoch[point.series] |= point.epoch.has_value() ? 1 : 0;
  }
  for (const std::string& name : series) message->add_series()->set_metric(name);
  for (const capture::Point& point : points) {
    auto& columns = *message->mutable_series(static_cast<int>(point.series))->mutable_points();
    columns.add_values(point.value);
    columns.add_times_ms(point.time_ms);
    columns.add_offsets(point.offset);
    if (has_step[point.series] != 0) columns.add_steps(point.step.value_or(kNoStep));
    if (has_epoch[point.series] != 0) columns.add_epochs(point.epoch.value_or(std::nan("")));
  }
}

void AddCounters(const std::string& label, const capture::RuleCounters& counters,
                 v1::Report* message) {
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

// What both kinds of report have.
template <class Report>
v1::Report ToMessage(const Report& report, std::string_view bytes,
                     const capture::ArrivalTimes& times) {
  v1::Report message;
  message.set_from(report.from.offset);
  message.set_to(report.to.offset);
  message.set_inside_over_long_line(report.to.inside_long_line);
  message.set_lines(report.lines);
  message.set_over_long_lines(report.long_lines);
  message.set_data(std::string(bytes.substr(0, report.bytes())));
  for (const capture::ArrivalRange& range : times.Ranges(report.from.offset, report.to.offset)) {
    message.add_time_offsets(range.begin);
    message.add_times_ms(range.time_ms);
  }
  SetPoints(report.series, report.points, &message);
  return message;
}

}  // namespace

RunReports::RunReports(const RunRecord& record, std::shared_ptr<const capture::MetricRules> rules)
    : record_(record), rules_(std::move(rules)), times_(record.Attempt().LogTimesFile()) {}

absl::StatusOr<std::optional<v1::Report>> RunReports::NextOfLog(capture::LogPosition from,
                                                                capture::LogEnd end) {
  XP_ASSIGN_OR_RETURN(
      const capture::TailRead read,
      capture::ReadTail(record_.Attempt().LogFile(), from.offset, limits::kReportMaxBytes));
  if (read.state != capture::TailState::kBytes) return std::optional<v1::Report>();
  capture::ArrivalTimes times;
  const auto to = static_cast<int64_t>(from.offset + read.bytes.size());
  // Without marks (the file is not there yet, or torn) the start of the run is all that is known.
  if (times_.Update().ok()) {
    for (const auto& mark : times_.MarksWithin(static_cast<int64_t>(from.offset), to)) {
      times.Add({static_cast<uint64_t>(mark.offset), mark.time_ms});
    }
  }
  if (times.marks().empty() || times.marks().back().offset < static_cast<uint64_t>(to)) {
    const int64_t last =
        times.marks().empty() ? record_.start_time_ms : times.marks().back().time_ms;
    times.Add({static_cast<uint64_t>(to), last});
  }
  capture::CutOptions options;
  options.zone = runner::ZoneOfOurs().zone;
  const bool all = from.offset + read.bytes.size() >= read.file_size;
  options.end = all ? end : capture::LogEnd::kMayGrow;
  const capture::Report report =
      capture::CutReport(*rules_, from, read.bytes, times, &log_names_, options);
  if (report.bytes() == 0) return std::optional<v1::Report>();
  v1::Report message = ToMessage(report, read.bytes, times);
  message.set_source(v1::SOURCE_KIND_LOG);
  for (size_t rule = 0; rule < report.counters.size(); ++rule) {
    AddCounters(rules_->label(rule), report.counters[rule], &message);
  }
  return std::optional<v1::Report>(std::move(message));
}

absl::StatusOr<std::optional<v1::Report>> RunReports::NextOfMetrics(capture::LogPosition from) {
  XP_ASSIGN_OR_RETURN(
      const capture::TailRead read,
      capture::ReadTail(record_.MetricsFile(), from.offset, limits::kReportMaxBytes));
  if (read.state != capture::TailState::kBytes) return std::optional<v1::Report>();
  struct stat info {};
  int64_t written_ms = record_.start_time_ms;
  if (::stat(record_.MetricsFile().c_str(), &info) == 0) {
    written_ms = int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  }
  capture::ArrivalTimes times;
  times.Add({from.offset + read.bytes.size(), written_ms});
  capture::CutOptions options;
  options.zone = runner::ZoneOfOurs().zone;
  const bool all = from.offset + read.bytes.size() >= read.file_size;
  options.end = all ? capture::LogEnd::kFinal : capture::LogEnd::kMayGrow;
  const capture::MetricsReport report =
      capture::CutMetricsReport(from, read.bytes, times, &metrics_names_, options);
  if (report.bytes() == 0) return std::optional<v1::Report>();
  v1::Report message = ToMessage(report, read.bytes, times);
  message.set_source(v1::SOURCE_KIND_METRICS_FILE);
  message.set_bad_lines(report.bad_lines);
  message.set_bad_line_sample(report.last_bad_line.text);
  for (const capture::ResumedMarker& marker : report.resumed) {
    message.set_resumed(true);
    if (marker.step) message.set_resumed_from_step(*marker.step);
  }
  AddCounters(capture::kMetricsFileLabel, report.counters, &message);
  return std::optional<v1::Report>(std::move(message));
}

}  // namespace xp::xpctl
