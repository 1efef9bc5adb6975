#include "worker/capture/capture_preview.h"

#include <absl/status/status.h>

#include <algorithm>

#include "worker/capture/log_tail.h"

namespace xp::capture {
namespace {

// Read at once; each report takes what it can of it.
constexpr size_t kReadBytes = 4 * 1024 * 1024;

size_t RuleOf(const MetricRules& rules, const std::string& series) {
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    if (!rules.is_preset(rule) && rules.label(rule) == series) return rule;
  }
  return rules.size() - 1;  // the preset is the last rule
}

void AddReport(const MetricRules& rules, const Report& report, Preview* preview) {
  preview->bytes = report.to.offset;
  preview->lines += report.lines;
  preview->long_lines += report.long_lines;
  preview->points += report.points.size();
  std::vector<size_t> rule_of_series;
  for (const std::string& series : report.series) {
    rule_of_series.push_back(RuleOf(rules, series));
    std::vector<std::string>& known = preview->rules[rule_of_series.back()].series;
    if (std::find(known.begin(), known.end(), series) == known.end()) known.push_back(series);
  }
  for (const Point& point : report.points) {
    std::vector<PreviewPoint>& first = preview->rules[rule_of_series[point.series]].first_points;
    if (first.size() < kPreviewPoints) first.push_back({report.series[point.series], point});
  }
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    preview->rules[rule].counters.Merge(report.counters[rule]);
  }
}

}  // namespace

absl::StatusOr<Preview> PreviewLog(const MetricRules& rules, const std::string& path,
                                   absl::TimeZone zone) {
  Preview preview;
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    preview.rules.push_back({rules.label(rule)});
  }
  SeriesNames names;
  const ArrivalTimes no_times;
  LogPosition position;
  while (true) {
    const absl::StatusOr<TailRead> read = ReadTail(path, position.offset, kReadBytes);
    if (!read.ok()) return read.status();
    if (read->state == TailState::kMissing) {
      return absl::NotFoundError(path + ": no such file; --log takes the path of a log");
    }
    if (read->state != TailState::kBytes) break;
    CutOptions options;
    options.max_bytes = kReadBytes;
    options.zone = zone;
    const bool is_last = position.offset + read->bytes.size() >= read->file_size;
    options.end = is_last ? LogEnd::kFinal : LogEnd::kMayGrow;
    const Report report = CutReport(rules, position, read->bytes, no_times, &names, options);
    AddReport(rules, report, &preview);
    if (report.to == position) break;
    position = report.to;
  }
  for (RulePreview& rule : preview.rules) {
    rule.advice = AdviceFor(rule.label, rule.counters, preview.lines);
  }
  return preview;
}

std::string AdviceFor(const std::string& label, const RuleCounters& counters, uint64_t lines) {
  if (lines == 0) return label + ": the log has no line yet";
  if (counters.matches == 0) {
    const std::string seen = label + ": no match in " + std::to_string(lines) + " lines; ";
    if (counters.nearest.score == 0) return seen + "no line holds a word of it";
    return seen + "nearest line: " + counters.nearest.line.text;
  }
  if (counters.numbers == 0 && counters.rejected > 0) {
    return label + ": " + std::to_string(counters.matches) +
           " matches but no number; the last one was: " + counters.last_rejected.text;
  }
  if (counters.rejected > 0) {
    return label + ": " + std::to_string(counters.rejected) + " of " +
           std::to_string(counters.matches) +
           " matches are no numbers; the last one was: " + counters.last_rejected.text;
  }
  if (counters.beyond_limits > 0) {
    return label + ": " + std::to_string(counters.beyond_limits) +
           " matches beyond the limits of 1,000 in a line and 1,000 series" +
           (counters.dropped_series.empty()
                ? ""
                : "; series left out: " + counters.dropped_series[0] +
                      (counters.dropped_series.size() > 1 ? " and others" : ""));
  }
  if (counters.dropped_at_cut > 0) {
    return label + ": " + std::to_string(counters.dropped_at_cut) +
           " matches dropped where a line beyond 64 KiB was cut";
  }
  if (counters.fields_rejected > 0) {
    return label + ": " + std::to_string(counters.fields_rejected) +
           " steps, epochs or times not understood; the last one was: " +
           counters.last_rejected.text;
  }
  return {};
}

}  // namespace xp::capture
