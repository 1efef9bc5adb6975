// Reads an attempt's log on from what the server holds and makes reports of it: bytes, arrival
// times, points and counters. The log file is the spool, so nothing is kept that a restart would
// miss.
//
// Not thread safe.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proto/clock.h"
#include "worker/capture/arrival_times.h"
#include "worker/capture/nearest_so_far.h"
#include "worker/capture/report_cut.h"
#include "worker/daemon/report_window.h"
#include "worker/runner/attempt_folder.h"
#include "worker/runner/log_times.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

class LogPump {
 public:
  // `clock` must outlive it. `zone` is the program's, for times printed without one.
  LogPump(const runner::AttemptFolder& folder, std::shared_ptr<const capture::MetricRules> rules,
          absl::TimeZone zone, Clock& clock);

  ReportWindow& window() { return window_; }

  // A new stream: go on from what the server holds. Returns in words which bytes are lost, as the
  // server wants them again and they have been given back to the disk (they read as NUL); empty:
  // none.
  std::string Restart(SourcePosition held);

  // The next report, to be sent at once, while the attempt's other source has `elsewhere` bytes in
  // flight; empty: nothing to send now. kFinal: nobody can write to
  // the log any more. UNAVAILABLE: the disk cannot be read; try again.
  absl::StatusOr<std::optional<v1::Report>> Next(capture::LogEnd end, uint64_t elsewhere = 0);

  // Nobody writes any more and everything that is there is acknowledged. A log that lost its tail
  // in a crash of the machine counts as done: the server has more of it than we.
  bool Done();

  // Its final length, once nobody writes: what is there, or what the server holds where that is
  // more.
  uint64_t End() const;

  // Gives disk blocks of acknowledged bytes back, once the log has passed 1 GiB.
  void PunchHoles();

 private:
  void NoteArrivals(uint64_t file_size, capture::LogEnd end);
  uint64_t FileSize() const;
  // How far the log has been given back to the disk, by this daemon or one before it.
  uint64_t GivenBackTo() const;

  const std::string path_;
  const std::shared_ptr<const capture::MetricRules> rules_;
  const absl::TimeZone zone_;
  Clock& clock_;
  ReportWindow window_;
  capture::SeriesNames names_;
  capture::NearestSoFar nearest_;
  runner::LogTimesReader marks_;
  capture::ArrivalTimes times_;
  uint64_t timed_to_ = 0;                        // how far times_ reaches
  std::optional<absl::Duration> untimed_since_;  // bytes without a mark were first seen
  uint64_t punched_to_ = 0;
};

}  // namespace xp::daemon
