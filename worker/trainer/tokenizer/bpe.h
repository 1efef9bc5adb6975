// Byte pair encoding over bytes: merges the pair of the lowest rank until none is left. Immutable;
// any thread.
#pragma once

#include <absl/status/statusor.h>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/trainer/tokenizer/vocabulary.h"

namespace xp::trainer {

struct BpeOptions {
  std::string unknown_token;   // empty: what has no token is left out, as GPT-2's models do
  bool fuse_unknown = false;   // neighbouring unknown bytes are one unknown
  bool ignore_merges = false;  // a word that is a token stays whole
};

class Bpe {
 public:
  using Merge = std::pair<std::string, std::string>;  // in vocab.json's characters

  // The vocabulary must outlive this. INVALID_ARGUMENT when a merge names a token that the
  // vocabulary lacks, or the unknown token is not in it; the message has the merge's number,
  // counted from 1.
  static absl::StatusOr<Bpe> Create(const Vocabulary* vocabulary, const std::vector<Merge>& merges,
                                    BpeOptions options);

  // Appends the ids of one word, given as raw bytes.
  void Encode(std::string_view word, std::vector<uint32_t>& ids) const;

 private:
  static constexpr uint32_t kNoRank = 0xFFFFFFFF;
  struct Merged {
    uint64_t pair = 0;        // (left id << 32 | right id)
    uint32_t rank = kNoRank;  // kNoRank: a free place
    uint32_t id = 0;
  };

  explicit Bpe(const Vocabulary* vocabulary) : vocabulary_(vocabulary) {}
  size_t PlaceOf(uint64_t pair) const;
  const Merged& Find(uint32_t left, uint32_t right) const {
    return merges_[PlaceOf(uint64_t{left} << 32 | right)];
  }
  void AppendBytes(std::string_view word, std::vector<uint32_t>& ids) const;
  void MergeShort(std::vector<uint32_t>& ids, size_t first) const;
  void MergeLong(std::vector<uint32_t>& ids, size_t first) const;

  const Vocabulary* vocabulary_;
  BpeOptions options_;
  uint32_t unknown_ = Vocabulary::kNone;
  std::array<uint32_t, 256> byte_ids_{};  // kNone: the vocabulary lacks it
  std::vector<Merged> merges_;            // open addressing, at most half full
};

}  // namespace xp::trainer
