// Limits that more than one program keeps, each with its unit and its reason. Nothing but
// constants: every part of xp may include this file (DESIGN section 6).
#pragma once

#include <cstddef>
#include <cstdint>

namespace xp::limits {

// Names of experiments, trials, datasets and channels: characters of [A-Za-z0-9._-].
inline constexpr size_t kNameMaxLength = 120;

// Metric definitions (SageMaker's limits: facts/sagemaker.md section 1.1).
inline constexpr size_t kMetricDefinitionsMax = 40;   // per spec section
inline constexpr size_t kMetricNameMaxLength = 255;   // bytes
inline constexpr size_t kMetricRegexMaxLength = 500;  // bytes
inline constexpr size_t kMatchesPerLineMax = 1000;  // per definition and line; the rest is counted
inline constexpr size_t kSeriesPerAttemptMax =
    1000;  // the rest is counted and named in the receipt

// An unfinished line is held up to this many bytes, then matched as it is (DESIGN section 10).
inline constexpr size_t kLineMaxBytes = 64 * 1024;

// Samples in receipts (last sample, rejected sample, nearest line) are cut to this many bytes.
inline constexpr size_t kSampleMaxBytes = 256;

// Messages stay under kMessageTargetBytes by splitting; beyond kMessageMaxBytes they are refused.
inline constexpr size_t kMessageTargetBytes = 1024 * 1024;
inline constexpr size_t kMessageMaxBytes = 4 * 1024 * 1024;

// Raw bytes of one report and of one blob chunk, so that the message stays under the target.
inline constexpr size_t kReportMaxBytes = 512 * 1024;
inline constexpr size_t kBlobChunkBytes = 512 * 1024;

// At most this much of one attempt's log is sent and not yet acknowledged (DESIGN section 4, rule
// 2).
inline constexpr uint64_t kUnacknowledgedMaxBytes = 8 * 1024 * 1024;

// A trial's source folder, unpacked.
inline constexpr uint64_t kSourceDirMaxBytes = 1024ull * 1024 * 1024;

// The lines of the log that a failed attempt shows.
inline constexpr size_t kLogTailLines = 20;
inline constexpr size_t kLogTailBytes = 8 * 1024;

// Free text: descriptions, notes; params and tags (SageMaker's 2,500 characters hurt its users).
inline constexpr size_t kDescriptionMaxLength = 64 * 1024;  // bytes
inline constexpr size_t kParamsMaxBytes = 256 * 1024;       // all params of a trial, as JSON
inline constexpr size_t kSpecMaxBytes = 1024 * 1024;  // of a trial, encoded: it fits any answer
inline constexpr size_t kTagsMax = 50;
inline constexpr int64_t kDurationMaxSeconds = int64_t{366} * 24 * 3600;  // timeout, stop_grace
inline constexpr size_t kTrialsPerSubmitMax = 10000;

// Pages: what a list returns when asked for 0, and the most that it returns however much is asked.
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;

// Points that one history call returns when asked for 0, and at most.
inline constexpr int kPointBudgetDefault = 1000;
inline constexpr int kPointBudgetMax = 20000;

}  // namespace xp::limits
