// Reads a flat JSON object or Python dict out of a line: `{"loss": 0.3, "step": 7}`,
// `{'eval_f1': np.float64(0.93), 'epoch': 1.0}`. What a value means is for the caller to decide;
// nested values are passed over as a whole. Never recursive, linear in the text. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xp::capture {

enum class EntryKind {
  kBare,    // neither of the others: a number, nan, a call such as tensor(0.9), garbage
  kText,    // quoted; `value` without the quotes, escapes as written
  kNested,  // begins with [ or { or (
  kWord,    // None, True, False, null, true, false: says that there is no number
};

struct FlatEntry {
  std::string key;         // escapes resolved
  std::string_view value;  // within the text that was read
  EntryKind kind = EntryKind::kBare;
  std::string_view source;  // key, colon and value as written
};

enum class FlatState {
  kObject,      // read to its closing brace
  kUnfinished,  // the text ended inside
  kOther,       // no such object stands there
};

struct FlatObject {
  FlatState state = FlatState::kOther;
  std::vector<FlatEntry> entries;  // those read whole, also when unfinished
  size_t end = 0;                  // one past the last character that was read
};

// Reads the object whose `{` stands at `at`.
FlatObject ReadFlatObject(std::string_view text, size_t at);

}  // namespace xp::capture
