#include "server/core/downsample.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace xp::core {
namespace {

__extension__ typedef unsigned __int128 Wide;

// A chunk as thinning sees it: where it begins, and its points when they were unpacked.
struct View {
  size_t index;
  uint64_t start;
  const ChunkHeader* header;
  absl::Span<const MetricPoint> points;
};

struct Range {
  int64_t from;
  int64_t to;
  bool Holds(int64_t x) const { return x >= from && x <= to; }
};

Range RangeOf(const View& view, ChartAxis axis) {
  switch (axis) {
    case ChartAxis::kStep:
      return {view.header->min_step, view.header->max_step};
    case ChartAxis::kTime:
      return {view.header->min_time_ms, view.header->max_time_ms};
    case ChartAxis::kPosition:
      break;
  }
  return {static_cast<int64_t>(view.start),
          static_cast<int64_t>(view.start + view.header->count - 1)};
}

int64_t At(const ThinnedPoint& point, ChartAxis axis) {
  switch (axis) {
    case ChartAxis::kStep:
      return point.point.step;
    case ChartAxis::kTime:
      return point.point.time_ms;
    case ChartAxis::kPosition:
      break;
  }
  return static_cast<int64_t>(point.position);
}

// Chunks that touch the range, and the cut of the range into buckets. Made of headers alone, so
// that plan and thinning see the same.
class Layout {
 public:
  Layout(absl::Span<const View> all, const ThinningOptions& options)
      : options_(options), asked_{options.from, options.to} {
    bool not_finite = false;
    for (const View& view : all) {
      const Range range = RangeOf(view, options.axis);
      if (range.to < asked_.from || range.from > asked_.to) continue;
      if (touching_.empty()) covered_ = range;
      covered_ = {std::min(covered_.from, range.from), std::max(covered_.to, range.to)};
      touching_.push_back(view);
      if (IsInside(range)) inside_ += view.header->count;
      not_finite = not_finite || view.header->nan_count + view.header->inf_count > 0;
    }
    covered_ = {std::max(covered_.from, asked_.from), std::min(covered_.to, asked_.to)};
    if (options.budget < 4) return;
    marks_ = not_finite && options.budget >= 5;
    buckets_ = (options.budget - 2) / (marks_ ? 3 : 2);  // two are for first and last
  }

  const std::vector<View>& touching() const { return touching_; }
  size_t buckets() const { return buckets_; }
  bool marks() const { return marks_; }
  bool Holds(int64_t x) const { return asked_.Holds(x); }

  // No more points than the budget lie for sure in the range: it may come back whole.
  bool MayFit() const { return inside_ <= options_.budget; }

  size_t BucketOf(int64_t x) const {
    const uint64_t width =
        static_cast<uint64_t>(covered_.to) - static_cast<uint64_t>(covered_.from);
    const uint64_t distance = static_cast<uint64_t>(x) - static_cast<uint64_t>(covered_.from);
    return static_cast<size_t>(Wide{distance} * buckets_ / (Wide{width} + 1));
  }

  bool NeedsPoints(const View& view) const {
    const Range range = RangeOf(view, options_.axis);
    if (MayFit() || !IsInside(range)) return true;
    return buckets_ > 0 && BucketOf(range.from) != BucketOf(range.to);
  }

 private:
  bool IsInside(const Range& range) const {
    return range.from >= asked_.from && range.to <= asked_.to;
  }

  const ThinningOptions& options_;
  Range asked_;
  Range covered_{0, 0};
  std::vector<View> touching_;
  uint64_t inside_ = 0;
  size_t buckets_ = 0;
  bool marks_ = false;
};

// What is kept so far. Points are offered in source order, so that of equal values the first stays.
class Picker {
 public:
  explicit Picker(const Layout& layout, ChartAxis axis)
      : layout_(layout), axis_(axis), buckets_(layout.buckets()) {}

  void Offer(const ThinnedPoint& point) {
    const int64_t x = At(point, axis_);
    if (!layout_.Holds(x)) return;
    if (!first_) first_ = point;
    if (!last_ || point.position > last_->position) last_ = point;
    if (buckets_.empty()) return;
    Bucket& bucket = buckets_[layout_.BucketOf(x)];
    const double value = point.point.value;
    if (!std::isfinite(value)) {
      if (!bucket.mark) bucket.mark = point;
      return;
    }
    if (!bucket.min || value < bucket.min->point.value) bucket.min = point;
    if (!bucket.max || value > bucket.max->point.value) bucket.max = point;
  }

  std::vector<ThinnedPoint> Take(size_t budget) {
    std::vector<ThinnedPoint> kept;
    const auto keep = [&](const std::optional<ThinnedPoint>& point) {
      if (point) kept.push_back(*point);
    };
    if (budget > 1) keep(first_);
    keep(last_);
    for (const Bucket& bucket : buckets_) {
      keep(bucket.min);
      keep(bucket.max);
      if (layout_.marks()) keep(bucket.mark);
    }
    const auto before = [](const ThinnedPoint& a, const ThinnedPoint& b) {
      return a.position < b.position;
    };
    const auto same = [](const ThinnedPoint& a, const ThinnedPoint& b) {
      return a.position == b.position;
    };
    std::sort(kept.begin(), kept.end(), before);
    kept.erase(std::unique(kept.begin(), kept.end(), same), kept.end());
    return kept;
  }

 private:
  struct Bucket {
    std::optional<ThinnedPoint> min, max, mark;
  };
  const Layout& layout_;
  const ChartAxis axis_;
  std::vector<Bucket> buckets_;
  std::optional<ThinnedPoint> first_, last_;
};

// The points of a header in source order.
std::vector<ThinnedPoint> HeaderPoints(const View& view) {
  const ChunkHeader& header = *view.header;
  std::vector<ThinnedPoint> points;
  const auto add = [&](const PlacedPoint& placed) {
    points.push_back({view.start + placed.index, placed.point});
  };
  add(header.first);
  if (header.min) add(*header.min);
  if (header.max) add(*header.max);
  if (header.not_finite) add(*header.not_finite);
  add(header.last);
  std::sort(points.begin(), points.end(),
            [](const ThinnedPoint& a, const ThinnedPoint& b) { return a.position < b.position; });
  return points;
}

std::vector<View> Views(absl::Span<const ThinningChunk> chunks) {
  std::vector<View> views;
  uint64_t start = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    views.push_back({i, start, &chunks[i].header, chunks[i].points});
    start += chunks[i].header.count;
  }
  return views;
}

ThinnedSeries ThinViews(absl::Span<const View> views, const ThinningOptions& options) {
  const Layout layout(views, options);
  ThinnedSeries thinned;
  if (options.budget == 0) return thinned;
  Picker picker(layout, options.axis);
  std::vector<ThinnedPoint> all;  // kept as long as it may be the answer
  bool whole = layout.MayFit();
  for (const View& view : layout.touching()) {
    if (view.points.empty()) {
      whole = false;
      thinned.total += view.header->count;
      for (const ThinnedPoint& point : HeaderPoints(view)) picker.Offer(point);
      continue;
    }
    for (size_t i = 0; i < view.points.size(); ++i) {
      const ThinnedPoint point{view.start + i, view.points[i]};
      if (!layout.Holds(At(point, options.axis))) continue;
      ++thinned.total;
      picker.Offer(point);
      if (whole) all.push_back(point);
    }
    whole = whole && all.size() <= options.budget;
  }
  thinned.points = whole ? std::move(all) : picker.Take(options.budget);
  return thinned;
}

}  // namespace

std::vector<size_t> PlanThinning(absl::Span<const ThinningChunk> chunks,
                                 const ThinningOptions& options) {
  std::vector<size_t> needed;
  if (options.budget == 0) return needed;
  const std::vector<View> views = Views(chunks);
  const Layout layout(views, options);
  for (const View& view : layout.touching()) {
    if (layout.NeedsPoints(view)) needed.push_back(view.index);
  }
  return needed;
}

ThinnedSeries Thin(absl::Span<const ThinningChunk> chunks, const ThinningOptions& options) {
  return ThinViews(Views(chunks), options);
}

ThinnedSeries ThinPoints(absl::Span<const MetricPoint> points, const ThinningOptions& options) {
  if (points.empty()) return {};
  const ChunkHeader header = MakeChunkHeader(points);
  const View view{0, 0, &header, points};
  return ThinViews(absl::MakeConstSpan(&view, 1), options);
}

}  // namespace xp::core
