#include "server/backfill/log_extract.h"

#include <map>
#include <utility>

namespace xp::backfill {
namespace {

using capture::LogEnd;
using capture::LogPosition;

class LogWalk {
 public:
  LogWalk(const capture::MetricRules& rules, const TakeBatch& take, const ExtractOptions& options)
      : rules_(rules), take_(take), options_(options) {
    extracted_.counters.resize(rules.size());
    for (size_t rule = 0; rule < rules.size(); ++rule) {
      if (!rules.is_preset(rule)) rule_of_name_[rules.label(rule)] = rule;
    }
  }

  // Where the bytes end that were added.
  uint64_t end() const { return position_.offset + pending_.size(); }

  absl::Status AddPiece(StoredPiece piece) {
    if (piece.offset < end()) {
      return absl::InternalError("the stored log goes backwards from byte " +
                                 std::to_string(end()) + " to " + std::to_string(piece.offset));
    }
    if (piece.offset > end()) SkipGap(piece.offset);
    const auto times =
        capture::ArrivalTimes::FromRanges(piece.times, piece.offset + piece.bytes.size());
    for (const capture::ArrivalMark& mark : times.marks()) times_.Add(mark);
    extracted_.bytes += piece.bytes.size();
    pending_ += piece.bytes;
    return Scan(LogEnd::kMayGrow);
  }

  absl::Status Finish() { return Scan(LogEnd::kFinal); }

  Extracted TakeExtracted() { return std::move(extracted_); }

 private:
  // What is pending is the beginning of a line whose end was not kept; behind the gap stands the
  // end of a line whose beginning was not.
  void SkipGap(uint64_t to) {
    extracted_.bytes_not_kept += to - end();
    pending_.clear();
    position_ = LogPosition{to, true};
  }

  absl::Status Scan(LogEnd end) {
    size_t done = 0;
    while (true) {
      capture::CutOptions cut;
      cut.end = end;
      cut.max_points = options_.max_points;
      cut.zone = options_.zone;
      const capture::Report report = capture::CutReport(
          rules_, position_, std::string_view(pending_).substr(done), times_, &names_, cut);
      if (report.to == position_) break;
      done += report.bytes();
      position_ = report.to;
      if (absl::Status status = TakeReport(report); !status.ok()) return status;
    }
    pending_.erase(0, done);
    times_.ForgetBefore(position_.offset);
    return absl::OkStatus();
  }

  absl::Status TakeReport(const capture::Report& report) {
    for (size_t rule = 0; rule < rules_.size(); ++rule) {
      extracted_.counters[rule].Merge(report.counters[rule]);
    }
    extracted_.lines += report.lines;
    extracted_.long_lines += report.long_lines;
    extracted_.points += report.points.size();
    std::vector<SeriesBatch> batch;
    for (const std::string& name : report.series) {
      const auto definition = rule_of_name_.find(name);
      batch.push_back(
          {name, definition == rule_of_name_.end() ? rules_.size() - 1 : definition->second, {}});
    }
    for (const capture::Point& found : report.points) {
      SeriesBatch& series = batch[found.series];
      core::MetricPoint point;
      point.value = found.value;
      const int64_t number = ++points_of_series_[series.metric];
      point.step = found.step.value_or(number);
      point.step_printed = found.step.has_value();
      point.epoch = found.epoch.value_or(core::kNoEpoch);
      point.time_ms = found.time_ms;
      point.log_offset = found.offset;
      series.points.push_back(point);
    }
    return batch.empty() ? absl::OkStatus() : take_(batch);
  }

  const capture::MetricRules& rules_;
  const TakeBatch& take_;
  const ExtractOptions options_;
  std::map<std::string, size_t> rule_of_name_;
  std::map<std::string, int64_t> points_of_series_;
  capture::SeriesNames names_;
  capture::ArrivalTimes times_;
  LogPosition position_;
  std::string pending_;  // bytes from position_ on: less than a line, once a piece is scanned
  Extracted extracted_;
};

}  // namespace

absl::StatusOr<Extracted> ExtractLog(const capture::MetricRules& rules, const ReadPiece& read,
                                     const TakeBatch& take, const ExtractOptions& options) {
  LogWalk walk(rules, take, options);
  while (true) {
    absl::StatusOr<StoredPiece> piece = read(walk.end());
    if (!piece.ok()) return piece.status();
    if (piece->bytes.empty()) break;
    if (absl::Status status = walk.AddPiece(*std::move(piece)); !status.ok()) return status;
  }
  if (absl::Status status = walk.Finish(); !status.ok()) return status;
  return walk.TakeExtracted();
}

}  // namespace xp::backfill
