// Turns what was found on a line into points and counters: the one place where limits, numbers,
// steps, epochs and times are decided, for definitions, presets and the metrics file alike.
//
// Threads: one. Lifetime: all that is passed to the constructor must outlive the sink.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/arrival_times.h"
#include "worker/capture/line_splitter.h"
#include "worker/capture/point.h"
#include "worker/capture/rule_counters.h"
#include "worker/capture/series_names.h"

namespace xp::capture {

// One value found on a line, as text. An empty step, epoch or time was not printed.
struct Found {
  size_t rule = 0;
  std::string_view name;   // of the series
  std::string_view value;  // what should be a number
  std::string_view match;  // all that matched: the sample
  std::string_view step;
  std::string_view epoch;
  std::string_view time;
  bool touches_cut = false;  // at the end of a line that was cut: more of it may have followed
};

class PointSink {
 public:
  // Counters are added to `(*counters)[rule]`, points and series names to the other two.
  PointSink(const ArrivalTimes& times, absl::TimeZone zone, SeriesNames* names,
            std::vector<RuleCounters>* counters, std::vector<std::string>* series,
            std::vector<Point>* points);

  void StartLine(const Line& line);

  void Add(const Found& found);

  // Counts something of the line that looked like a match and is none, with its text as sample.
  void Reject(size_t rule, std::string_view text);
  // The same for what the cut of a long line left incomplete.
  void DropAtCut(size_t rule);

  const Line& line() const { return line_; }

 private:
  Point MakePoint(const Found& found, double value, RuleCounters* counters);

  const ArrivalTimes& times_;
  const absl::TimeZone zone_;
  SeriesNames* const names_;
  std::vector<RuleCounters>* const counters_;
  std::vector<std::string>* const series_;
  std::vector<Point>* const points_;
  std::map<std::string, size_t, std::less<>> index_of_series_;
  Line line_;
  std::vector<size_t> matches_on_line_;  // per rule
};

}  // namespace xp::capture
