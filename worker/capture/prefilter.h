// Finds the few lines of a log that a regex can match at all, by scanning whole blocks for literals
// which the regexes require (RE2's FilteredRE2 names them): per-line calls cost more than the
// matching itself with a progress bar's many short segments (facts/dependencies.md section 4).
//
// Never wrong, only quicker: a rule is left out for a line only if it cannot match there. Rules
// without a usable literal are tried on each line.
//
// Threads: Prefilter never changes; a BlockScan belongs to one thread.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace xp::capture {

class Prefilter {
 public:
  // `regexes` must compile.
  explicit Prefilter(const std::vector<std::string>& regexes);

  // Which rules may match the cleaned text of a line. `has_literal`: BlockScan found a literal in
  // the raw line, or the line had to be cleaned, so that the raw bytes prove nothing.
  void Candidates(std::string_view line, bool has_literal, std::vector<int>* rules) const;

  // True if some rule must be tried on each line.
  bool has_unfiltered() const { return !unfiltered_.empty(); }

  // Finds any of the literals, case aside; nullptr if no rule has one.
  const RE2* literals() const { return literals_.get(); }

 private:
  std::vector<int> all_;
  std::unique_ptr<const RE2> literals_;
  std::vector<int> unfiltered_;
  std::unique_ptr<RE2::Set> all_set_;         // nullptr: too few or too large, try one by one
  std::unique_ptr<RE2::Set> unfiltered_set_;  // its members are numbered as in unfiltered_
};

// Walks once over a block with one pattern and tells of each line, in order, whether a match begins
// in it.
class BlockScan {
 public:
  // `pattern` may be nullptr: then nothing is found. Both must outlive the scan.
  BlockScan(const RE2* pattern, std::string_view block) : pattern_(pattern), block_(block) {}

  // `line` must be a part of the block, and not lie before the one asked for last.
  bool FoundIn(std::string_view line);

 private:
  const RE2* const pattern_;
  const std::string_view block_;
  bool started_ = false;
  size_t next_ = 0;  // where the first match at or after the last line begins; block_.size(): none
};

}  // namespace xp::capture
