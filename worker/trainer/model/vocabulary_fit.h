// Whether a model folder's tokenizer and its config.json belong together. A vocabulary that was cut
// off still gives ids, only worse ones: nothing else would notice.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <string>

#include "worker/trainer/tokenizer/tokenizer.h"

namespace xp::trainer {

enum class LargerTokenizer {
  kRefused,  // INVALID_ARGUMENT: it has ids that the model lacks
  kWarned    // for who checks the ids themselves
};

// A warning that names both files and their numbers; empty when they fit. A vocab_size that is a
// multiple of 8 and less than 128 above the tokens fits: many models' are padded so.
// DATA_LOSS: vocab.txt lacks tokens and ends within a line.
absl::StatusOr<std::string> CheckVocabularyFit(const std::filesystem::path& dir,
                                               const Tokenizer& tokenizer, int64_t vocab_size,
                                               LargerTokenizer larger);

}  // namespace xp::trainer
