// For the hint "the nearest line": the words of all definitions' regexes, each looked for once per
// line, and how much of a definition's words a line holds.
//
// Cost is bounded: block scanning passes over lines without any word; a definition that has matched
// in this report, or whose words a line holds all, is out of it.
// Threads: WordIndex never changes; a NearestSearch belongs to one thread and one report.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/rule_counters.h"

namespace xp::capture {

class WordIndex {
 public:
  // Words are taken from the regexes as LiteralWords gives them.
  explicit WordIndex(const std::vector<std::string>& regexes);

  // Finds any word, case aside; nullptr if there is none.
  const RE2* any_word() const { return any_word_.get(); }

 private:
  friend class NearestSearch;

  std::vector<std::string> words_;
  std::vector<std::vector<size_t>> words_of_rule_;  // indexes into words_
  std::vector<uint32_t> best_score_;                // of each rule: all of its words
  std::unique_ptr<const RE2> any_word_;
};

class NearestSearch {
 public:
  // Both must outlive it. `counters` has a place for each rule of the index at least.
  NearestSearch(const WordIndex& index, std::vector<RuleCounters>* counters);

  // Whether any rule still looks for a nearer line.
  bool open();

  // Compares the line (cleaned) with the nearest ones so far. Call it after the rules have run on
  // the line.
  void Look(std::string_view line, uint64_t offset);

 private:
  const WordIndex& index_;
  std::vector<RuleCounters>* const counters_;
  std::vector<size_t> open_rules_;
  std::vector<signed char> in_line_;  // per word: -1 not looked up yet, else whether it is there
};

}  // namespace xp::capture
