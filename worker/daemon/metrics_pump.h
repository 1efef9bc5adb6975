// Reads the file that the program appends to by itself ($XP_METRICS_FILE) and makes reports of it.
// A file that shrinks was begun anew: it is read again from 0 as its next generation.
//
// Not thread safe.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "proto/clock.h"
#include "worker/capture/arrival_times.h"
#include "worker/capture/metrics_file.h"
#include "worker/daemon/report_window.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

class MetricsPump {
 public:
  // `clock` must outlive it. `zone` is the program's, for times written without one. The file need
  // not exist, now or ever.
  MetricsPump(std::string path, absl::TimeZone zone, Clock& clock)
      : path_(std::move(path)), zone_(zone), clock_(clock) {}

  ReportWindow& window() { return window_; }

  // A new stream: go on from what the server holds.
  void Restart(SourcePosition held);

  // As LogPump::Next.
  absl::StatusOr<std::optional<v1::Report>> Next(capture::LogEnd end, uint64_t elsewhere = 0);

  // A promise of silence that came with the reports since the last call: for how long from now. One
  // that is read again, for a server that holds less, is as old as it was and not taken anew.
  std::optional<absl::Duration> TakePromise() { return std::exchange(promise_, std::nullopt); }

  bool Done();

  // The file's final length and generation, once nobody writes.
  SourcePosition End() const;

  // The program has written such a file, or the server holds some of it.
  bool Exists() const;

 private:
  void TakePromises(const capture::MetricsReport& report, int32_t generation);

  const std::string path_;
  const absl::TimeZone zone_;
  Clock& clock_;
  ReportWindow window_;
  capture::SeriesNames names_;
  capture::ArrivalTimes times_;
  std::optional<absl::Duration> promise_;
  SourcePosition promises_to_;  // promises before it have been taken
};

}  // namespace xp::daemon
