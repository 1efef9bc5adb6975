// The greedy half of byte pair encoding: which pairs of symbols to merge, most frequent first.
// Deterministic: among equal counts the pair of smaller ids. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xp::trainer {

struct CountedWord {
  std::vector<uint32_t> symbols;  // ids into the symbols' texts
  uint64_t count = 0;
};

struct LearnOptions {
  size_t max_symbols = 30000;  // texts at the end, those at the start included
  uint64_t min_count = 2;      // rarer pairs are not merged
  // The text of a merged pair; may be one that exists already.
  std::function<std::string(const std::string& left, const std::string& right)> join;
};

// Adds the texts of merged pairs to `texts` and returns the merges in their order.
std::vector<std::pair<uint32_t, uint32_t>> LearnMerges(std::vector<CountedWord> words,
                                                       const LearnOptions& options,
                                                       std::vector<std::string>& texts);

}  // namespace xp::trainer
