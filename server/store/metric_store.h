// Metrics read back: the summaries that compare is made of, thinned histories, points page by page,
// receipts. Compare never reads points.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/metric_summary.h"
#include "server/core/trial_compare.h"
#include "xp/v1/metrics.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

// What compare shows of one series beside its summary.
struct CompareSeries {
  v1::SourceKind source = v1::SOURCE_KIND_UNSPECIFIED;
  bool several_sources = false;  // the name came from more than one source
  int64_t last_time_ms = 0;      // of the newest point, finite or not
  int64_t last_step = 0;
};

struct CompareTrialRow {
  // Ready for core::CompareTrials: of each metric the summary of the attempts that count.
  core::CompareTrial trial;
  std::vector<CompareSeries> series;  // parallel to trial.metrics
  int32_t attempt = 0;                // whose numbers these are; 0: none yet
  bool from_predecessor = false;      // the latest attempt has no point yet
};

struct CompareData {
  std::vector<CompareTrialRow> rows;              // as submitted; with kAll a row per attempt
  std::vector<core::MetricDefinitionGoal> goals;  // definitions in first-seen order, each once
  std::string rank_by;                            // of the first experiment that has one
};

class MetricReads {
 public:
  virtual ~MetricReads() = default;

  // All trials of `experiments`, from summaries alone. NOT_FOUND names the first that is not there.
  virtual absl::StatusOr<CompareData> Compare(const std::vector<std::string>& experiments,
                                              v1::AttemptView attempts) = 0;

  // Codes as in metrics.proto. Answers stay under 1 MiB.
  virtual absl::StatusOr<v1::GetHistoryResponse> GetHistory(
      const v1::GetHistoryRequest& request) = 0;
  virtual absl::StatusOr<v1::ListPointsResponse> ListPoints(
      const v1::ListPointsRequest& request) = 0;
  virtual absl::StatusOr<v1::Receipt> GetReceipt(const v1::GetReceiptRequest& request) = 0;
};

// A core summary as the API's message, which is empty; `series` gives what the summary does not
// hold.
void FillSummary(const core::MetricSummary& summary, const CompareSeries& series,
                 v1::Summary* message);

}  // namespace xp::store
