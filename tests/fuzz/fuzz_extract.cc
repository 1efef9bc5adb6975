// Input: a regex, a line feed, a log. What compiles must give the same points with the prefilter
// and without, and for the log cut in two.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "worker/capture/metrics_file.h"
#include "worker/capture/report_cut.h"

using namespace xp::capture;

namespace {

std::vector<Point> Points(const MetricRules& rules, std::string_view log, size_t cut,
                          Matching matching) {
  SeriesNames names;
  CutOptions options;
  options.matching = matching;
  options.max_line_bytes = 200;
  const Report first = CutReport(rules, {}, log.substr(0, cut), ArrivalTimes(), &names, options);
  options.end = LogEnd::kFinal;
  const Report second =
      CutReport(rules, first.to, log.substr(first.to.offset), ArrivalTimes(), &names, options);
  if (second.to.offset != log.size()) abort();
  std::vector<Point> points = first.points;
  points.insert(points.end(), second.points.begin(), second.points.end());
  for (Point& point : points) point.series = 0;  // numbered within each report
  return points;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string_view::npos || size > 4096) return 0;
  const std::string_view log = input.substr(end + 1);
  SeriesNames names;
  CutOptions options;
  options.end = LogEnd::kFinal;
  CutMetricsReport({}, log, ArrivalTimes(), &names, options);
  const char* const presets[] = {"", "huggingface", "key-value", "json-lines"};
  const auto rules =
      CompileMetricRules({{"m", std::string(input.substr(0, end)), ""}}, presets[size % 4]);
  if (!rules.ok()) return 0;
  const std::vector<Point> expected = Points(**rules, log, log.size(), Matching::kEveryLine);
  if (expected != Points(**rules, log, log.size(), Matching::kPrefiltered)) abort();
  if (expected != Points(**rules, log, log.size() / 2, Matching::kPrefiltered)) abort();
  return 0;
}
