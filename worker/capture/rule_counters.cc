#include "worker/capture/rule_counters.h"

#include <algorithm>

namespace xp::capture {
namespace {

void TakeLater(const Sample& later, Sample* sample) {
  if (!later.text.empty()) *sample = later;
}

}  // namespace

void RuleCounters::AddDroppedSeries(std::string_view name) {
  const bool known =
      std::find(dropped_series.begin(), dropped_series.end(), name) != dropped_series.end();
  if (!known && dropped_series.size() < kDroppedSeriesMax) dropped_series.emplace_back(name);
}

void RuleCounters::Merge(const RuleCounters& later) {
  matches += later.matches;
  numbers += later.numbers;
  rejected += later.rejected;
  beyond_limits += later.beyond_limits;
  dropped_at_cut += later.dropped_at_cut;
  fields_rejected += later.fields_rejected;
  TakeLater(later.last, &last);
  TakeLater(later.last_rejected, &last_rejected);
  for (const std::string& name : later.dropped_series) AddDroppedSeries(name);
  // Of equally near lines the first one stays, so the order of cutting cannot show.
  if (later.nearest.score > nearest.score) nearest = later.nearest;
  if (matches > 0) nearest = NearestLine();
}

}  // namespace xp::capture
