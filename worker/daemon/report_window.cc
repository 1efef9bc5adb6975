#include "worker/daemon/report_window.h"

#include <algorithm>

#include "proto/limits.h"

namespace xp::daemon {
namespace {

// A server that answers at all answers within seconds; a stream that is dead is ended by its
// keepalive.
constexpr absl::Duration kResyncPatience = absl::Seconds(10);

}  // namespace

SourcePosition PositionOf(const v1::SourceOffset& offset) {
  return {
      .generation = offset.generation(),
      .position = {.offset = offset.offset(), .inside_long_line = offset.inside_over_long_line()}};
}

void ReportWindow::Restart(SourcePosition held) {
  held_ = held;
  unanswered_ = 0;
  TakeUp();
}

void ReportWindow::TakeUp() {
  next_ = held_;
  in_flight_.clear();
  resync_ = false;
  resync_since_ = absl::InfiniteDuration();
}

void ReportWindow::Sent(SourcePosition to) {
  next_ = to;
  in_flight_.push_back(to);
  ++unanswered_;
}

void ReportWindow::Answered(SourcePosition held) {
  unanswered_ = std::max<int64_t>(0, unanswered_ - 1);
  held_ = held;
  if (!resync_ && !in_flight_.empty() && in_flight_.front() == held) {
    in_flight_.pop_front();
    return;
  }
  resync_ = true;
  if (unanswered_ == 0) TakeUp();
}

void ReportWindow::Refused() {
  unanswered_ = std::max<int64_t>(0, unanswered_ - 1);
  resync_ = true;
  if (unanswered_ == 0) TakeUp();
}

uint64_t ReportWindow::bytes_in_flight() const {
  if (in_flight_.empty()) return 0;
  // Within one generation offsets count what is in flight; across two it is one report.
  if (next_.generation != held_.generation) return limits::kReportMaxBytes;
  return next_.position.offset - held_.position.offset;
}

bool ReportWindow::MaySend(absl::Duration now, uint64_t elsewhere) {
  if (resync_) {
    resync_since_ = std::min(resync_since_, now);
    if (now - resync_since_ < kResyncPatience) return false;
    unanswered_ = 0;
    TakeUp();
  }
  if (in_flight_.empty() && elsewhere == 0) return true;
  if (!in_flight_.empty() && next_.generation != held_.generation) return false;
  return bytes_in_flight() + elsewhere + limits::kReportMaxBytes <= limits::kUnacknowledgedMaxBytes;
}

}  // namespace xp::daemon
