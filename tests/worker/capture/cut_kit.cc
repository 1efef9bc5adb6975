#include "tests/worker/capture/cut_kit.h"

#include <algorithm>
#include <cmath>

namespace xp::capture {
namespace {

bool SameSample(const Sample& a, const Sample& b) {
  return a.text == b.text && (a.text.empty() || a.offset == b.offset);
}

bool SameCounters(const RuleCounters& a, const RuleCounters& b) {
  return a.matches == b.matches && a.numbers == b.numbers && a.rejected == b.rejected &&
         a.beyond_limits == b.beyond_limits && a.dropped_at_cut == b.dropped_at_cut &&
         a.fields_rejected == b.fields_rejected && SameSample(a.last, b.last) &&
         SameSample(a.last_rejected, b.last_rejected) && a.dropped_series == b.dropped_series &&
         a.nearest.score == b.nearest.score && SameSample(a.nearest.line, b.nearest.line);
}

}  // namespace

bool operator==(const NamedPoint& a, const NamedPoint& b) {
  const bool same_value = a.value == b.value || (std::isnan(a.value) && std::isnan(b.value));
  return same_value && a.series == b.series && a.step == b.step && a.epoch == b.epoch &&
         a.time_ms == b.time_ms && a.offset == b.offset;
}

std::ostream& operator<<(std::ostream& out, const NamedPoint& point) {
  out << point.series << "=" << point.value << "@" << point.offset;
  if (point.step) out << " step " << *point.step;
  if (point.epoch) out << " epoch " << *point.epoch;
  return out << " time " << point.time_ms;
}

bool operator==(const Collected& a, const Collected& b) {
  return a.points == b.points && a.lines == b.lines && a.long_lines == b.long_lines &&
         a.end == b.end &&
         std::equal(a.counters.begin(), a.counters.end(), b.counters.begin(), b.counters.end(),
                    SameCounters);
}

std::ostream& operator<<(std::ostream& out, const Collected& collected) {
  out << collected.lines << " lines (" << collected.long_lines << " cut), end "
      << collected.end.offset << "\n";
  for (const RuleCounters& c : collected.counters) {
    out << "  matches " << c.matches << " numbers " << c.numbers << " rejected " << c.rejected
        << " beyond " << c.beyond_limits << " at cut " << c.dropped_at_cut << " fields "
        << c.fields_rejected << " last '" << c.last.text << "' rejected '" << c.last_rejected.text
        << "' nearest " << c.nearest.score << " '" << c.nearest.line.text << "'\n";
  }
  for (const NamedPoint& point : collected.points) out << "  " << point << "\n";
  return out;
}

std::shared_ptr<const MetricRules> Rules(const NamesAndRegexes& definitions,
                                         std::string_view preset) {
  std::vector<MetricDefinition> list;
  for (const auto& [name, regex] : definitions) list.push_back({name, regex, ""});
  auto rules = CompileMetricRules(list, preset);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return *rules;
}

void AddReport(const Report& report, Collected* collected) {
  collected->counters.resize(report.counters.size());
  for (size_t i = 0; i < report.counters.size(); ++i) {
    collected->counters[i].Merge(report.counters[i]);
  }
  for (const Point& p : report.points) {
    collected->points.push_back(
        {report.series[p.series], p.value, p.step, p.epoch, p.time_ms, p.offset});
  }
  collected->lines += report.lines;
  collected->long_lines += report.long_lines;
  collected->end = report.to;
  ++collected->reports;
}

Collected CollectWhole(const MetricRules& rules, std::string_view log, CutOptions options) {
  return CollectGrowing(rules, log, {}, options);
}

Collected CollectGrowing(const MetricRules& rules, std::string_view log,
                         const std::vector<size_t>& sizes, CutOptions options, Worker worker) {
  // A mark for every 10 bytes, so that times are compared too.
  ArrivalTimes times;
  for (size_t at = 10; at < log.size() + 10; at += 10) {
    times.Add({std::min(at, log.size()), static_cast<int64_t>(1'000'000 + at)});
  }
  Collected collected;
  collected.counters.resize(rules.size());
  SeriesNames names;
  LogPosition position;
  const auto report_all = [&](size_t size, LogEnd end) {
    options.end = end;
    while (true) {
      SeriesNames fresh;
      const Report report = CutReport(rules, position, log.substr(0, size).substr(position.offset),
                                      times, worker == Worker::kGoesOn ? &names : &fresh, options);
      EXPECT_EQ(report.from, position);
      if (report.to == position) break;
      position = report.to;
      AddReport(report, &collected);
    }
  };
  for (const size_t size : sizes) report_all(size, LogEnd::kMayGrow);
  report_all(log.size(), LogEnd::kFinal);
  collected.end = position;
  return collected;
}

std::vector<size_t> RandomSizes(std::mt19937_64* random, size_t size, size_t count) {
  std::vector<size_t> sizes;
  for (size_t i = 0; i < count; ++i) sizes.push_back(1 + (*random)() % std::max<size_t>(size, 1));
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

std::vector<double> ValuesOf(const Collected& collected, std::string_view series) {
  std::vector<double> values;
  for (const NamedPoint& point : collected.points) {
    if (point.series == series) values.push_back(point.value);
  }
  return values;
}

}  // namespace xp::capture
