// Trials for tests of the compare table, in few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/core/trial_compare.h"

namespace xp::core {

inline MetricSummary SummaryOf(const std::vector<double>& values) {
  MetricSummary summary;
  for (const double value : values) {
    MetricPoint point;
    point.value = value;
    summary.Add(point);
  }
  return summary;
}

inline CompareTrial MakeTrial(const std::string& name,
                              std::vector<std::pair<std::string, MetricSummary>> metrics = {}) {
  CompareTrial trial;
  trial.experiment = "nlp";
  trial.name = name;
  trial.state = TrialState::kCompleted;
  trial.metrics = std::move(metrics);
  return trial;
}

// The published run of 7 July: facts/sagemaker.md section 4.
inline std::vector<CompareTrial> PublishedRun() {
  return {MakeTrial("distilroberta", {{"test:loss", SummaryOf({0.258967, 0.171137})},
                                      {"test:f1", SummaryOf({0.904937, 0.943028})}}),
          MakeTrial("distilbert", {{"test:loss", SummaryOf({0.219397, 0.194087})},
                                   {"test:f1", SummaryOf({0.917258, 0.934400})}})};
}

inline std::vector<std::string> Labels(const CompareTable& table) {
  std::vector<std::string> labels;
  for (const CompareRow& row : table.rows) labels.push_back(row.label);
  return labels;
}

}  // namespace xp::core
