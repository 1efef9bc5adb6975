// Writes logs as a Hugging Face Trainer does, bytes as they are seen when stdout and stderr are one
// file (facts: tqdm 4.64 and transformers 4.6): before each dict CR, the bar, CR, blanks, CR; the
// evaluation's own bar with cursor-up sequences, sometimes glued to the brace; stray line feeds.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace xp::capture {

// What one evaluation printed, by the names of the published frame (loss, accuracy, f1, ...).
using Evaluation = std::map<std::string, std::string>;

struct PublishedModel {
  std::string run;
  std::string model;
  std::vector<Evaluation> evaluations;
  // Metric -> statistic (Min, Max, Avg, StdDev, Last, Count) -> value as published.
  std::map<std::string, std::map<std::string, double>> published;
};

// tests/fixtures/published_runs.json.
std::vector<PublishedModel> LoadPublishedRuns();

enum class LogStyle { kFloats, kQuotedFloats };  // of transformers 4.x, and of those since

// The log of a training with these evaluations, `steps` progress bars before each.
std::string TrainerLog(const std::vector<Evaluation>& evaluations, LogStyle style, int steps);

}  // namespace xp::capture
