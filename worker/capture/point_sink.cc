#include "worker/capture/point_sink.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "worker/capture/clean_text.h"
#include "worker/capture/number.h"
#include "worker/capture/timestamp.h"

namespace xp::capture {

PointSink::PointSink(const ArrivalTimes& times, absl::TimeZone zone, SeriesNames* names,
                     std::vector<RuleCounters>* counters, std::vector<std::string>* series,
                     std::vector<Point>* points)
    : times_(times),
      zone_(zone),
      names_(names),
      counters_(counters),
      series_(series),
      points_(points),
      matches_on_line_(counters->size()) {}

void PointSink::StartLine(const Line& line) {
  line_ = line;
  std::fill(matches_on_line_.begin(), matches_on_line_.end(), 0);
}

void PointSink::Add(const Found& found) {
  RuleCounters& counters = (*counters_)[found.rule];
  ++counters.matches;
  if (found.touches_cut) {
    ++counters.dropped_at_cut;
    return;
  }
  if (++matches_on_line_[found.rule] > limits::kMatchesPerLineMax) {
    ++counters.beyond_limits;
    return;
  }
  const std::optional<double> value = ParseNumber(found.value);
  if (!value || !IsSeriesName(found.name)) {
    ++counters.rejected;
    const std::string_view sample = value || found.value.empty() ? found.match : found.value;
    counters.last_rejected = {MakeSample(sample), line_.offset};
    return;
  }
  if (!names_->Admit(found.name)) {
    ++counters.beyond_limits;
    counters.AddDroppedSeries(found.name);
    return;
  }
  ++counters.numbers;
  counters.last = {MakeSample(found.match), line_.offset};
  points_->push_back(MakePoint(found, *value, &counters));
}

Point PointSink::MakePoint(const Found& found, double value, RuleCounters* counters) {
  Point point;
  const auto known = index_of_series_.find(found.name);
  if (known != index_of_series_.end()) {
    point.series = known->second;
  } else {
    point.series = series_->size();
    series_->emplace_back(found.name);
    index_of_series_.emplace(found.name, point.series);
  }
  point.value = value;
  point.offset = line_.offset;
  const auto not_understood = [&](std::string_view text) {
    ++counters->fields_rejected;
    counters->last_rejected = {MakeSample(text), line_.offset};
  };
  if (!found.step.empty()) {
    point.step = ParseStep(found.step);
    if (!point.step) not_understood(found.step);
  }
  if (!found.epoch.empty()) {
    point.epoch = ParseNumber(found.epoch);
    if (point.epoch && !std::isfinite(*point.epoch)) point.epoch.reset();
    if (!point.epoch) not_understood(found.epoch);
  }
  point.time_ms = times_.At(line_.end_offset);
  if (!found.time.empty()) {
    const std::optional<int64_t> printed = ParseTimestamp(found.time, zone_);
    if (printed) {
      point.time_ms = *printed;
    } else {
      not_understood(found.time);
    }
  }
  return point;
}

void PointSink::Reject(size_t rule, std::string_view text) {
  RuleCounters& counters = (*counters_)[rule];
  ++counters.matches;
  ++counters.rejected;
  counters.last_rejected = {MakeSample(text), line_.offset};
}

void PointSink::DropAtCut(size_t rule) {
  ++(*counters_)[rule].matches;
  ++(*counters_)[rule].dropped_at_cut;
}

}  // namespace xp::capture
