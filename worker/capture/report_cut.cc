#include "worker/capture/report_cut.h"

#include "worker/capture/line_splitter.h"
#include "worker/capture/metric_extract.h"
#include "worker/capture/point_sink.h"

namespace xp::capture {

Report CutReport(const MetricRules& rules, LogPosition from, std::string_view bytes,
                 const ArrivalTimes& times, SeriesNames* names, const CutOptions& options) {
  const std::string_view block = bytes.substr(0, options.max_bytes);
  const LogEnd end = block.size() == bytes.size() ? options.end : LogEnd::kMayGrow;
  Report report;
  report.from = from;
  report.counters.resize(rules.size());
  // Names of definitions always have room, whatever a preset finds before them.
  for (size_t rule = 0; rule < rules.size(); ++rule) {
    if (!rules.is_preset(rule)) names->Admit(rules.label(rule));
  }
  PointSink sink(times, options.zone, names, &report.counters, &report.series, &report.points);
  MetricExtract extract(rules, options.matching, block, &sink, &report.counters);
  LineSplitter splitter(from, block, end, options.max_line_bytes);
  Line line;
  while (report.points.size() < options.max_points && splitter.Next(&line)) {
    if (extract.Extract(line)) ++report.lines;
    if (line.cut) ++report.long_lines;
  }
  report.to = splitter.position();
  for (RuleCounters& counters : report.counters) {
    if (counters.matches > 0) counters.nearest = NearestLine();
  }
  return report;
}

}  // namespace xp::capture
