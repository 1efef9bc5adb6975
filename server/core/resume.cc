#include "server/core/resume.h"

#include <algorithm>

namespace xp::core {
namespace {

// The tightest cut that the resumed attempts after a predecessor ask for.
struct Bounds {
  std::optional<int64_t> step;
  std::optional<double> epoch;

  void Tighten(const AttemptSeries& resumed) {
    if (resumed.first_printed_step.has_value()) {
      step = std::min(step.value_or(*resumed.first_printed_step), *resumed.first_printed_step);
    }
    if (resumed.first_epoch.has_value()) {
      epoch = std::min(epoch.value_or(*resumed.first_epoch), *resumed.first_epoch);
    }
  }
};

// How `predecessor` is cut; nothing when it shares neither printed step nor epoch with its
// successors.
std::optional<PointCut> CutOf(const AttemptSeries& predecessor, const Bounds& bounds) {
  if (bounds.step.has_value() && predecessor.first_printed_step.has_value()) {
    return PointCut{PointCut::By::kStep, *bounds.step, 0};
  }
  if (bounds.epoch.has_value() && predecessor.first_epoch.has_value()) {
    return PointCut{PointCut::By::kEpoch, 0, *bounds.epoch};
  }
  return std::nullopt;
}

}  // namespace

bool PointCut::Counts(const MetricPoint& point) const {
  switch (by) {
    case By::kAll:
      return true;
    case By::kStep:
      return point.step_printed && point.step < step;
    case By::kEpoch:
      return point.has_epoch() && point.epoch < epoch;
  }
  return true;
}

SeriesView ChooseAttempts(absl::Span<const AttemptSeries> attempts) {
  SeriesView view;
  size_t shown = attempts.size();
  while (shown > 0 && attempts[shown - 1].points == 0) --shown;
  if (shown < attempts.size()) view.awaited_attempt = attempts.back().attempt;
  if (shown == 0) return view;

  size_t i = shown - 1;
  view.parts.push_back({attempts[i].attempt, PointCut{}});
  Bounds bounds;
  bounds.Tighten(attempts[i]);
  // Back through the chain for as long as each attempt continued the one before it.
  while (i > 0 && attempts[i].start == AttemptStart::kResumed) {
    --i;
    if (attempts[i].points == 0) continue;
    const std::optional<PointCut> cut = CutOf(attempts[i], bounds);
    if (!cut.has_value()) break;
    view.parts.push_back({attempts[i].attempt, *cut});
    bounds.Tighten(attempts[i]);
  }
  std::reverse(view.parts.begin(), view.parts.end());
  return view;
}

}  // namespace xp::core
