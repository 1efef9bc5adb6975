#include "worker/trainer/vocab/learn_merges.h"

#include <queue>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace xp::trainer {
namespace {

uint64_t PairOf(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

class Learner {
 public:
  Learner(std::vector<CountedWord> words, const LearnOptions& options,
          std::vector<std::string>& texts)
      : words_(std::move(words)), options_(options), texts_(texts) {
    for (uint32_t id = 0; id < texts_.size(); ++id) ids_.emplace(texts_[id], id);
    for (uint32_t w = 0; w < words_.size(); ++w) {
      const std::vector<uint32_t>& symbols = words_[w].symbols;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        Add(PairOf(symbols[i], symbols[i + 1]), words_[w].count, w);
      }
    }
    for (const auto& [pair, count] : counts_) queue_.emplace(count, ~pair);
  }

  std::vector<std::pair<uint32_t, uint32_t>> Run() {
    std::vector<std::pair<uint32_t, uint32_t>> merges;
    while (texts_.size() < options_.max_symbols && !queue_.empty()) {
      const auto [count, inverse] = queue_.top();
      queue_.pop();
      const uint64_t pair = ~inverse;
      if (counts_[pair] != count) {  // its count fell since: put it back where it belongs now
        if (counts_[pair] > 0 && counts_[pair] < count) queue_.emplace(counts_[pair], inverse);
        continue;
      }
      if (count < options_.min_count) break;
      const uint32_t left = uint32_t(pair >> 32), right = uint32_t(pair);
      merges.emplace_back(left, right);
      Merge(left, right, IdOf(options_.join(texts_[left], texts_[right])));
    }
    return merges;
  }

 private:
  uint32_t IdOf(std::string text) {
    const auto [it, is_new] = ids_.emplace(std::move(text), uint32_t(texts_.size()));
    if (is_new) texts_.push_back(it->first);
    return it->second;
  }

  void Add(uint64_t pair, uint64_t count, uint32_t word) {
    counts_[pair] += count;
    places_[pair].insert(word);
  }

  void Merge(uint32_t left, uint32_t right, uint32_t merged) {
    const uint64_t pair = PairOf(left, right);
    std::unordered_set<uint32_t> words;
    words.swap(places_[pair]);
    std::unordered_set<uint64_t> grown;
    for (const uint32_t w : words) MergeIn(w, left, right, merged, grown);
    counts_[pair] = 0;
    for (const uint64_t more : grown) queue_.emplace(counts_[more], ~more);
  }

  // Takes all pairs of the word out of the counts, merges, puts those of the new word in: words
  // are short.
  void MergeIn(uint32_t w, uint32_t left, uint32_t right, uint32_t merged,
               std::unordered_set<uint64_t>& grown) {
    std::vector<uint32_t>& symbols = words_[w].symbols;
    const uint64_t count = words_[w].count;
    std::vector<uint32_t> shorter;
    for (size_t i = 0; i < symbols.size(); ++i) {
      const bool here = i + 1 < symbols.size() && symbols[i] == left && symbols[i + 1] == right;
      shorter.push_back(here ? merged : symbols[i]);
      if (here) ++i;
    }
    if (shorter.size() == symbols.size()) return;  // an entry from an earlier state of the word
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      counts_[PairOf(symbols[i], symbols[i + 1])] -= count;
    }
    for (size_t i = 0; i + 1 < shorter.size(); ++i) {
      const uint64_t pair = PairOf(shorter[i], shorter[i + 1]);
      Add(pair, count, w);
      if (shorter[i] == merged || shorter[i + 1] == merged) grown.insert(pair);
    }
    symbols = std::move(shorter);
  }

  std::vector<CountedWord> words_;
  const LearnOptions& options_;
  std::vector<std::string>& texts_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::unordered_map<uint64_t, uint64_t> counts_;
  std::unordered_map<uint64_t, std::unordered_set<uint32_t>> places_;  // words that may hold it
  std::priority_queue<std::pair<uint64_t, uint64_t>> queue_;  // count, ~pair: smaller ids first
};

}  // namespace

std::vector<std::pair<uint32_t, uint32_t>> LearnMerges(std::vector<CountedWord> words,
                                                       const LearnOptions& options,
                                                       std::vector<std::string>& texts) {
  return Learner(std::move(words), options, texts).Run();
}

}  // namespace xp::trainer
