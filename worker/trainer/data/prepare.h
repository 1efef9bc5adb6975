// From a data set to a training channel: tokenised shards, and beside them the model's config and
// tokenizer, so that training needs nothing else.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <functional>
#include <string>

#include "worker/trainer/data/document.h"
#include "worker/trainer/progress.h"

namespace xp::trainer {

enum class CopyWeights { kYes, kNo };

struct PrepareOptions {
  std::filesystem::path model;       // a Hugging Face folder: config.json, tokenizer files
  std::filesystem::path input;       // a folder with train.* and test.*, or a file
  std::filesystem::path test_input;  // a file, of a format of its own; may be empty
  std::filesystem::path output;      // gets train/ and test/
  SourceOptions source;
  size_t max_length = 512;  // ids of an example at most, special tokens included
  int threads = 1;
  size_t shard_examples = 16384;
  CopyWeights copy_weights = CopyWeights::kYes;
};

struct SplitReport {
  uint64_t examples = 0, tokens = 0;
  uint64_t truncated = 0;  // longer than max_length
  uint64_t replaced = 0;   // had bytes that are not UTF-8
  uint64_t shards = 0;
};

struct PrepareReport {
  SplitReport train, test;
  std::vector<std::string> labels;
  std::string warning;  // CheckVocabularyFit's; empty: none
};

// What prepare leaves beside the shards, last of all: without it they are not used.
inline constexpr const char* kManifestName = "prepared.json";

// Errors as those of its parts: the model folder, the data, the disk.
absl::StatusOr<PrepareReport> Prepare(const PrepareOptions& options, Progress& progress);

}  // namespace xp::trainer
