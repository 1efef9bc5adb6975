// Which attempts' points make a series (DESIGN section 8, "Which attempts count").
//
// The latest attempt's series counts; until it has its first point, its predecessor's is shown,
// marked. An attempt that resumed continues its predecessors: of those the points count whose
// printed step (else epoch) lies before the first of the resumed one. Series without printed step
// or epoch never continue.
// Pure functions on values; safe from any thread.
#pragma once

#include <absl/types/span.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "server/core/metric_point.h"

namespace xp::core {

// How an attempt began.
enum class AttemptStart {
  kFresh,
  kResumed,  // said so in its metrics file, or `resume: true` and a checkpoint folder with content
};

// One attempt's share of one series.
struct AttemptSeries {
  int32_t attempt = 0;
  AttemptStart start = AttemptStart::kFresh;
  uint64_t points = 0;
  // Of the attempt's points of this series, in source order. Empty: none was printed.
  std::optional<int64_t> first_printed_step;
  std::optional<double> first_epoch;
};

// Which points of a predecessor count.
struct PointCut {
  enum class By {
    kAll,    // every point
    kStep,   // those with a printed step below `step`
    kEpoch,  // those with an epoch below `epoch`
  };
  By by = By::kAll;
  int64_t step = 0;
  double epoch = 0;

  bool Counts(const MetricPoint& point) const;
  friend bool operator==(const PointCut&, const PointCut&) = default;
};

struct SeriesPart {
  int32_t attempt = 0;
  PointCut cut;
  friend bool operator==(const SeriesPart&, const SeriesPart&) = default;
};

struct SeriesView {
  // Oldest first; the last is the attempt that is shown, whole. Empty: no attempt has a point.
  std::vector<SeriesPart> parts;
  // The latest attempt when it has no point yet and `parts` shows a predecessor instead; else 0.
  int32_t awaited_attempt = 0;

  int32_t shown_attempt() const { return parts.empty() ? 0 : parts.back().attempt; }
  bool continues() const { return parts.size() > 1; }
};

// `attempts` are all attempts of the trial by rising number, those without points too.
SeriesView ChooseAttempts(absl::Span<const AttemptSeries> attempts);

}  // namespace xp::core
