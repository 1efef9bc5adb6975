// Byte pair encoding over bytes: merges the pair of the lowest rank until none is left. Immutable;
// any thread.
#pragma once

#include <absl/status/statusor.h>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "worker/trainer/tokenizer/vocabulary.h"

namespace xp::trainer {

struct BpeOptions {
  std::string unknown_token;   // empty: what has no token is left out, as GPT-2's models do
  bool ignore_merges = false;  // a word that is a token stays whole
};

class Bpe {
 public:
  using Merge = std::pair<std::string, std::string>;  // in vocab.json's characters

  // The vocabulary must outlive this. INVALID_ARGUMENT when a merge names a token that the
  // vocabulary lacks; the message has the merge's number, counted from 1.
  static absl::StatusOr<Bpe> Create(const Vocabulary* vocabulary, const std::vector<Merge>& merges,
                                    BpeOptions options);

  // Appends the ids of one word, given as raw bytes.
  void Encode(std::string_view word, std::vector<uint32_t>& ids) const;

 private:
  struct Merged {
    uint32_t rank = 0;
    uint32_t id = 0;
  };
  struct Hash {
    size_t operator()(uint64_t pair) const { return (pair ^ pair >> 29) * 0x9E3779B97F4A7C15ull; }
  };

  explicit Bpe(const Vocabulary* vocabulary) : vocabulary_(vocabulary) {}
  const Merged* Find(uint32_t left, uint32_t right) const;
  void MergeShort(std::vector<uint32_t>& ids, size_t first) const;
  void MergeLong(std::vector<uint32_t>& ids, size_t first) const;

  const Vocabulary* vocabulary_;
  BpeOptions options_;
  std::array<uint32_t, 256> byte_ids_{};
  std::unordered_map<uint64_t, Merged, Hash> merges_;  // (left id << 32 | right id)
};

}  // namespace xp::trainer
