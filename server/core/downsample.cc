#include "server/core/downsample.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace xp::core {
// Named, as Thinner::Impl has members of these types.
namespace thinning {

__extension__ typedef unsigned __int128 Wide;

struct Range {
  int64_t from;
  int64_t to;
  bool Holds(int64_t x) const { return x >= from && x <= to; }
};

int64_t At(const MetricPoint& point, uint64_t position, ChartAxis axis) {
  switch (axis) {
    case ChartAxis::kStep:
      return point.step;
    case ChartAxis::kTime:
      return point.time_ms;
    case ChartAxis::kPosition:
      break;
  }
  return static_cast<int64_t>(position);
}

// The cut of the range into buckets. Made of headers alone, so that it is the same whichever chunks
// come unpacked.
class Layout {
 public:
  Layout(absl::Span<const ChunkHeader> headers, const ThinningOptions& options)
      : options_(options), asked_{options.from, options.to} {
    bool not_finite = false;
    uint64_t start = 0;
    for (const ChunkHeader& header : headers) {
      const Range range = RangeOf(header, start);
      chunks_.push_back({start, range});
      start += header.count;
      if (!Touches(range)) continue;
      if (!touched_) covered_ = range;
      touched_ = true;
      covered_ = {std::min(covered_.from, range.from), std::max(covered_.to, range.to)};
      if (IsInside(range)) inside_ += header.count;
      not_finite = not_finite || header.nan_count + header.inf_count > 0;
    }
    covered_ = {std::max(covered_.from, asked_.from), std::min(covered_.to, asked_.to)};
    if (options.budget < 4) return;
    marks_ = not_finite && options.budget >= 5;
    buckets_ = (options.budget - 2) / (marks_ ? 3 : 2);  // two are for first and last
  }

  uint64_t start(size_t chunk) const { return chunks_[chunk].start; }
  bool Touches(size_t chunk) const { return Touches(chunks_[chunk].range); }
  size_t buckets() const { return buckets_; }
  bool marks() const { return marks_; }
  bool Holds(int64_t x) const { return asked_.Holds(x); }

  // No more points than the budget lie for sure in the range: it may come back whole.
  bool MayFit() const { return inside_ <= options_.budget; }

  size_t BucketOf(int64_t x) const {
    return static_cast<size_t>(Wide{Distance(x)} * buckets_ / Width());
  }
  // All x that fall into the bucket.
  Range BucketRange(size_t bucket) const {
    const auto begin = [this](size_t b) { return (Width() * b + buckets_ - 1) / buckets_; };
    const auto at = [this](Wide distance) {
      return static_cast<int64_t>(static_cast<uint64_t>(covered_.from) +
                                  static_cast<uint64_t>(distance));
    };
    return {at(begin(bucket)), at(begin(bucket + 1) - 1)};
  }

  bool NeedsPoints(size_t chunk) const {
    const Range range = chunks_[chunk].range;
    if (!Touches(range)) return false;
    if (MayFit() || !IsInside(range)) return true;
    return buckets_ > 0 && BucketOf(range.from) != BucketOf(range.to);
  }

 private:
  struct Chunk {
    uint64_t start;
    Range range;
  };

  Range RangeOf(const ChunkHeader& header, uint64_t start) const {
    switch (options_.axis) {
      case ChartAxis::kStep:
        return {header.min_step, header.max_step};
      case ChartAxis::kTime:
        return {header.min_time_ms, header.max_time_ms};
      case ChartAxis::kPosition:
        break;
    }
    return {static_cast<int64_t>(start), static_cast<int64_t>(start + header.count - 1)};
  }
  bool Touches(const Range& range) const {
    return range.to >= asked_.from && range.from <= asked_.to;
  }
  bool IsInside(const Range& range) const {
    return range.from >= asked_.from && range.to <= asked_.to;
  }
  uint64_t Distance(int64_t x) const {
    return static_cast<uint64_t>(x) - static_cast<uint64_t>(covered_.from);
  }
  Wide Width() const { return Wide{Distance(covered_.to)} + 1; }

  const ThinningOptions& options_;
  const Range asked_;
  Range covered_{0, 0};
  bool touched_ = false;
  std::vector<Chunk> chunks_;
  uint64_t inside_ = 0;
  size_t buckets_ = 0;
  bool marks_ = false;
};

// What is kept so far. Points are offered in source order, so that of equal values the first stays.
class Picker {
 public:
  Picker(const Layout& layout, ChartAxis axis)
      : layout_(layout), axis_(axis), buckets_(layout.buckets()) {}

  // Whether it lies in the range.
  bool Offer(const MetricPoint& point, uint64_t position) {
    const int64_t x = At(point, position, axis_);
    if (!layout_.Holds(x)) return false;
    if (!first_) first_ = {position, point};
    if (!last_ || position > last_->position) last_ = {position, point};
    if (buckets_.empty()) return true;
    Bucket& bucket = FindBucket(x);
    const double value = point.value;
    if (!std::isfinite(value)) {
      if (!bucket.mark) bucket.mark = {position, point};
      return true;
    }
    if (!bucket.min || value < bucket.min->point.value) bucket.min = {position, point};
    if (!bucket.max || value > bucket.max->point.value) bucket.max = {position, point};
    return true;
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

  // Neighbours fall into one bucket most of the time: the division is for those that do not.
  Bucket& FindBucket(int64_t x) {
    if (!current_range_.Holds(x)) {
      current_ = layout_.BucketOf(x);
      current_range_ = layout_.BucketRange(current_);
    }
    return buckets_[current_];
  }

  const Layout& layout_;
  const ChartAxis axis_;
  std::vector<Bucket> buckets_;
  size_t current_ = 0;
  Range current_range_{1, 0};  // holds nothing
  std::optional<ThinnedPoint> first_, last_;
};

// The points of a header in source order.
std::vector<PlacedPoint> HeaderPoints(const ChunkHeader& header) {
  std::vector<PlacedPoint> points = {header.first, header.last};
  for (const auto& point : {header.min, header.max, header.not_finite}) {
    if (point) points.push_back(*point);
  }
  std::sort(points.begin(), points.end(),
            [](const PlacedPoint& a, const PlacedPoint& b) { return a.index < b.index; });
  return points;
}

}  // namespace thinning

class Thinner::Impl {
 public:
  Impl(absl::Span<const ChunkHeader> headers, const ThinningOptions& options)
      : headers_(headers),
        options_(options),
        layout_(headers, options),
        picker_(layout_, options.axis),
        whole_(layout_.MayFit()) {}

  bool NeedsPoints(size_t chunk) const { return options_.budget > 0 && layout_.NeedsPoints(chunk); }

  void TakePoints(size_t chunk, absl::Span<const MetricPoint> points) {
    if (!layout_.Touches(chunk) || options_.budget == 0) return;
    uint64_t position = layout_.start(chunk);
    for (const MetricPoint& point : points) {
      if (picker_.Offer(point, position)) {
        ++thinned_.total;
        if (whole_) thinned_.points.push_back({position, point});
      }
      ++position;
    }
    whole_ = whole_ && thinned_.points.size() <= options_.budget;
  }

  void TakeHeader(size_t chunk) {
    if (!layout_.Touches(chunk) || options_.budget == 0) return;
    whole_ = false;
    thinned_.total += headers_[chunk].count;
    for (const PlacedPoint& placed : thinning::HeaderPoints(headers_[chunk])) {
      picker_.Offer(placed.point, layout_.start(chunk) + placed.index);
    }
  }

  ThinnedSeries Finish() {
    if (!whole_ && options_.budget > 0) thinned_.points = picker_.Take(options_.budget);
    return std::move(thinned_);
  }

 private:
  const absl::Span<const ChunkHeader> headers_;
  const ThinningOptions& options_;
  const thinning::Layout layout_;
  thinning::Picker picker_;
  bool whole_;  // all points of the range so far are in thinned_: they may be the answer
  ThinnedSeries thinned_;
};

Thinner::Thinner(absl::Span<const ChunkHeader> headers, const ThinningOptions& options)
    : impl_(std::make_unique<Impl>(headers, options)) {}
Thinner::~Thinner() = default;

bool Thinner::NeedsPoints(size_t chunk) const { return impl_->NeedsPoints(chunk); }
void Thinner::TakePoints(size_t chunk, absl::Span<const MetricPoint> points) {
  impl_->TakePoints(chunk, points);
}
void Thinner::TakeHeader(size_t chunk) { impl_->TakeHeader(chunk); }
ThinnedSeries Thinner::Finish() && { return impl_->Finish(); }

ThinnedSeries ThinPoints(absl::Span<const MetricPoint> points, const ThinningOptions& options) {
  if (points.empty()) return {};
  const ChunkHeader header = MakeChunkHeader(points);
  Thinner thinner(absl::MakeConstSpan(&header, 1), options);
  thinner.TakePoints(0, points);
  return std::move(thinner).Finish();
}

}  // namespace xp::core
