// The filter language of lists and compare, after AIP-160:
//
//   state = COMPLETED AND params.lr < 5e-5 AND (tags.team = "nlp" OR NOT name : "distil")
//
// NOT binds tighter than AND, AND tighter than OR (AIP-160 has these two the other way round, which
// nobody expects; parentheses make it plain). Words are without regard to case: AND, and.
// Comparison: = != < <= > >= and ':' (contains, without regard to case; `field : *` is "has a
// value"). Two numbers are compared as numbers, else both as text; < and its kin are false where
// only one side is a number. A field without a value makes every comparison false, but != true.
// Names with other characters than letters, digits, '_' and '-' are quoted:
// metrics."test:f1".avg > 0.9.
//
// A parsed filter is immutable and safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xp::core {

// Bytes of a filter, and nesting of its parentheses and NOTs.
inline constexpr size_t kFilterMaxBytes = 4096;
inline constexpr int kFilterMaxDepth = 50;

// How the text of a field compares with = and !=.
enum class TextCase { kExact, kFolded };

// A name that may be searched.
struct FilterField {
  enum class Kind {
    kPlain,   // "state"
    kMap,     // "params": params.KEY; the key may have dots, quoted or not
    kMetric,  // "metrics": metrics.NAME or metrics.NAME.STAT
  };
  std::string name;
  Kind kind = Kind::kPlain;
  TextCase text = TextCase::kExact;
  std::vector<std::string> words;  // where only these are values (states); empty: any text
};

// What a comparison names: {"state"}, {"params", "lr"}, {"metrics", "test:f1", "avg"}.
using FilterPath = std::vector<std::string>;

enum class FilterOp { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kHas };

// The tree, open so that a store can turn parts of it into a query of its own.
struct FilterNode {
  enum class Kind { kAnd, kOr, kNot, kCompare };
  Kind kind = Kind::kCompare;
  std::vector<FilterNode> children;  // kAnd, kOr: two or more; kNot: one
  // kCompare:
  FilterPath path;
  FilterOp op = FilterOp::kEqual;
  std::string literal;
  std::optional<double> number;  // the literal, when it is one and was not quoted
  TextCase text = TextCase::kExact;
  bool any_value = false;  // `field : *`
};

// The value of a field as text; nothing when it has none.
using FilterLookup = std::function<std::optional<std::string>(const FilterPath& path)>;

class Filter {
 public:
  // Matches everything; so does the empty text.
  Filter() = default;

  // INVALID_ARGUMENT, beginning with `field` (the request's field, "filter") and with the place
  // (a character count from 1), what was found and what would be accepted; for an unknown name the
  // searchable ones and near misses.
  static absl::StatusOr<Filter> Parse(std::string_view field, std::string_view text,
                                      const std::vector<FilterField>& fields);

  bool Matches(const FilterLookup& lookup) const;

  // Nothing for the filter that matches everything.
  const FilterNode* root() const { return root_.get(); }

 private:
  std::shared_ptr<const FilterNode> root_;
};

// What trials can be searched by: name, experiment, state, reason, worker, attempt, priority,
// create_time, start_time, end_time (RFC 3339 in UTC, so that text order is time order), params,
// tags, metrics.
std::vector<FilterField> TrialFilterFields();

}  // namespace xp::core
