// The compare table: trials × metrics, out of summaries alone (DESIGN sections 4 and 13). Filters,
// groups, ranks, marks the best, and says under the table what would mislead. No trial is hidden:
// one without numbers keeps its row and says why.
//
// Ties keep the order in which the trials were submitted. Values that are NaN or missing sort last
// in both directions. Pure functions on values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/core/filter.h"
#include "server/core/ids.h"
#include "server/core/metric_stat.h"
#include "server/core/metric_summary.h"
#include "server/core/trial_state.h"

namespace xp::core {

// A trial as the store read it, in the order of submission.
struct CompareTrial {
  TrialId id;
  std::string experiment;
  std::string name;
  TrialState state = TrialState::kQueued;
  FailureReason failure = FailureReason::kNone;
  StopReason stop = StopReason::kNone;
  // In the order of the spec, each key once; text of the file: "5e-5" stays "5e-5".
  std::vector<std::pair<std::string, std::string>> params;
  std::map<std::string, std::string> tags;
  std::string worker;          // of the attempt shown, else of the latest
  int32_t latest_attempt = 0;  // 0: none yet
  int32_t priority = 0;
  int64_t create_time_ns = 0;  // since 1970, UTC; 0: not yet, as both below
  int64_t start_time_ns = 0;
  int64_t end_time_ns = 0;
  // Series in the order of their definitions; of each the summary of what counts (resume.h).
  std::vector<std::pair<std::string, MetricSummary>> metrics;
  std::vector<std::string> notes;  // e.g. "shows attempt 1; attempt 2 has no point yet"
  std::string no_numbers;          // why there are none, when the store knows better than the state
};

// Of the metric definitions of the experiments; a metric without goal may be left out.
struct MetricDefinitionGoal {
  std::string metric;
  MetricGoal goal = MetricGoal::kUnset;
};

struct CompareOptions {
  std::vector<std::string> metrics;  // columns; empty: all, in first-seen order
  std::vector<MetricStat> stats = {MetricStat::kAvg};
  std::string group_by;  // a param's name, "params.NAME" or "tags.NAME"; empty: a row per trial
  Filter filter;         // of TrialFilterFields()
  std::string sort;      // see below; '-' before it turns it round; empty: rank_by
  std::string rank_by;   // a metric with or without statistic, best first; empty: as submitted
  std::vector<std::string> lower;  // metrics that are better the lower they are; before all else
  std::vector<std::string> higher;
  std::vector<MetricDefinitionGoal> goals;
};

struct CompareColumn {
  MetricColumn column;
  MetricGoal goal = MetricGoal::kMax;  // never kUnset; means nothing for count and stddev
};

struct CompareCell {
  std::optional<double> value;  // in a group: the mean of its trials' values
  double spread = 0;            // in a group: sample deviation over its trials; 0 for one
  uint64_t trials = 0;          // that have a value here: 0 or 1, more in a group
  uint64_t nan_count = 0;       // points left out of the statistics
  uint64_t inf_count = 0;
  bool best = false;  // of the column, equal ones all; never the only value
};

struct CompareRow {
  std::string label;               // "E/T" over several experiments, else "T"; a group's value
  std::vector<size_t> trials;      // indexes of the input; one, more in a group
  std::vector<CompareCell> cells;  // one per column
  std::string reason;              // why no cell has a value; empty when one has
  std::vector<std::string> notes;
};

struct CompareTable {
  std::vector<CompareColumn> columns;
  std::vector<CompareRow> rows;
  std::vector<std::string> notes;  // lines under the table
  size_t filtered_out = 0;         // trials that the filter left out
};

// sort keys: `name`, `experiment`, `state`, `submitted`, a metric with or without statistic
// ("test:f1", "test:f1:last"), a param ("lr", "params.lr"), a tag ("tags.team").
//
// INVALID_ARGUMENT, beginning with the option's name, for a metric, key, or param that no trial
// has, with what exists; an unknown rank_by is a note only (it may come with the first numbers).
absl::StatusOr<CompareTable> CompareTrials(absl::Span<const CompareTrial> trials,
                                           const CompareOptions& options);

// Looks a filter's name up in a trial: fields, params, tags and metrics with their statistics.
std::optional<std::string> LookupTrialField(const CompareTrial& trial, const FilterPath& path);

}  // namespace xp::core
