// WordPiece: the longest piece in the vocabulary first, from left to right. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "worker/trainer/tokenizer/vocabulary.h"

namespace xp::trainer {

struct WordPieceOptions {
  std::string unknown_token = "[UNK]";
  std::string continuing_prefix = "##";
  size_t max_chars_per_word = 100;  // longer words are unknown
};

class WordPiece {
 public:
  // The vocabulary must hold the unknown token and outlive this.
  WordPiece(const Vocabulary* vocabulary, WordPieceOptions options);

  // Appends the ids of one word (valid UTF-8): one unknown when any part of it is unknown.
  void Encode(std::string_view word, std::vector<uint32_t>& ids) const;

 private:
  const Vocabulary* const vocabulary_;
  const WordPieceOptions options_;
  const uint32_t unknown_;
  Vocabulary continuing_;  // the pieces that have the prefix, without it
};

}  // namespace xp::trainer
