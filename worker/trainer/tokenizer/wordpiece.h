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
  // Pieces by hash, in open addressing. The hash of a text grows by one byte at a time, so all
  // beginnings of a word are looked up after one pass over it.
  class Pieces {
   public:
    void Reserve(size_t count);
    void Add(std::string_view piece, uint32_t id);               // the later of two equal ones wins
    uint32_t Find(std::string_view piece, uint64_t hash) const;  // or Vocabulary::kNone
    size_t max_bytes() const { return max_bytes_; }

   private:
    struct Entry {
      std::string_view piece;  // empty: a free place
      uint32_t hash = 0, id = 0;
    };
    size_t PlaceOf(std::string_view piece, uint64_t hash) const;
    std::vector<Entry> entries_;
    size_t max_bytes_ = 0;
  };

  const Vocabulary* const vocabulary_;
  const WordPieceOptions options_;
  const uint32_t unknown_;
  Pieces whole_, continuing_;  // the latter have the prefix; here they are without it
};

}  // namespace xp::trainer
