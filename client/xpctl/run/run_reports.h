// Reports of a run as the work stream wants them (DESIGN section 4, rule 2): the next bytes of the
// log or the metrics file from an offset, with their times and what capture finds in them.
//
// Errors: those of ReadTail. Not thread safe: one per delivery.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>

#include "client/xpctl/run/run_record.h"
#include "worker/capture/log_position.h"
#include "worker/capture/metric_rules.h"
#include "worker/capture/series_names.h"
#include "worker/runner/log_times.h"
#include "xp/v1/workers.pb.h"

namespace xp::xpctl {

class RunReports {
 public:
  RunReports(const RunRecord& record, std::shared_ptr<const capture::MetricRules> rules);

  // The report that begins at `from`; nullopt when there is nothing to report yet. With kFinal an
  // unfinished last line counts.
  absl::StatusOr<std::optional<v1::Report>> NextOfLog(capture::LogPosition from,
                                                      capture::LogEnd end);
  // Of a metrics file that nobody writes to any more.
  absl::StatusOr<std::optional<v1::Report>> NextOfMetrics(capture::LogPosition from);

 private:
  const RunRecord& record_;
  const std::shared_ptr<const capture::MetricRules> rules_;
  runner::LogTimesReader times_;
  capture::SeriesNames log_names_;
  capture::SeriesNames metrics_names_;
};

}  // namespace xp::xpctl
