// What a training leaves in its output folder, and its word to xp. No LibTorch. Pure but for the
// files that they write.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "worker/trainer/train/metrics.h"

namespace xp::trainer {

// "eval_f1 = 0.92" lines sorted by name, as the article's train.py writes eval_results.txt.
absl::Status WriteEvalResults(const std::filesystem::path& file,
                              std::vector<std::pair<std::string, double>> entries);

// index,label,predicted,<probability of each label>: one row an example.
absl::Status WritePredictions(const std::filesystem::path& file,
                              const std::vector<std::string>& labels,
                              std::span<const int32_t> truths, std::span<const float> logits);

// {"labels": [...], "rows_are_truth": true, "counts": [[...], ...]}
absl::Status WriteConfusion(const std::filesystem::path& file,
                            const std::vector<std::string>& labels, const Confusion& confusion);

// Appends {"xp": "resumed", "step": N}: what the attempts before count up to (DESIGN section 8).
absl::Status AppendResumedMarker(const std::filesystem::path& file, uint64_t step);

std::vector<double> Softmax(std::span<const float> logits);

}  // namespace xp::trainer
