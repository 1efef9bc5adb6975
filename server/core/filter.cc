#include "server/core/filter.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>

#include <algorithm>

#include "server/core/text.h"
#include "server/core/trial_state.h"

namespace xp::core {
namespace {

template <typename T>
bool Holds(FilterOp op, const T& a, const T& b) {
  switch (op) {
    case FilterOp::kEqual:
      return a == b;
    case FilterOp::kNotEqual:
      return a != b;
    case FilterOp::kLess:
      return a < b;
    case FilterOp::kLessOrEqual:
      return a <= b;
    case FilterOp::kGreater:
      return a > b;
    case FilterOp::kGreaterOrEqual:
      return a >= b;
    case FilterOp::kHas:
      break;
  }
  return false;
}

bool ContainsFolded(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
           absl::ascii_tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() ||
         part.empty();
}

bool Compare(const FilterNode& node, const std::optional<std::string>& value) {
  if (!value.has_value()) return node.op == FilterOp::kNotEqual;
  if (node.op == FilterOp::kHas) {
    return node.any_value || ContainsFolded(*value, node.literal);
  }
  double number = 0;
  const bool is_number = absl::SimpleAtod(*value, &number);
  if (is_number && node.number.has_value()) return Holds(node.op, number, *node.number);
  if (node.op == FilterOp::kEqual || node.op == FilterOp::kNotEqual) {
    const bool equal = node.text == TextCase::kFolded ? absl::EqualsIgnoreCase(*value, node.literal)
                                                      : *value == node.literal;
    return equal == (node.op == FilterOp::kEqual);
  }
  if (node.number.has_value()) return false;  // a number against text: neither is less
  return Holds(node.op, *value, node.literal);
}

bool Matches(const FilterNode& node, const FilterLookup& lookup) {
  const auto matches = [&](const FilterNode& child) { return xp::core::Matches(child, lookup); };
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case FilterNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case FilterNode::Kind::kNot:
      return !matches(node.children.front());
    case FilterNode::Kind::kCompare:
      return Compare(node, lookup(node.path));
  }
  return false;
}

}  // namespace

bool Filter::Matches(const FilterLookup& lookup) const {
  return root_ == nullptr || xp::core::Matches(*root_, lookup);
}

std::vector<FilterField> TrialFilterFields() {
  using Kind = FilterField::Kind;
  std::vector<std::string> states;
  for (const TrialState state : kTrialStates) states.emplace_back(StateName(state));
  return {
      {"name", Kind::kPlain, TextCase::kFolded, {}},
      {"experiment", Kind::kPlain, TextCase::kFolded, {}},
      {"state", Kind::kPlain, TextCase::kFolded, states},
      {"reason", Kind::kPlain, TextCase::kFolded, {}},
      {"worker", Kind::kPlain, TextCase::kFolded, {}},
      {"attempt", Kind::kPlain, TextCase::kExact, {}},
      {"priority", Kind::kPlain, TextCase::kExact, {}},
      {"create_time", Kind::kPlain, TextCase::kExact, {}},
      {"start_time", Kind::kPlain, TextCase::kExact, {}},
      {"end_time", Kind::kPlain, TextCase::kExact, {}},
      {"params", Kind::kMap, TextCase::kExact, {}},
      {"tags", Kind::kMap, TextCase::kExact, {}},
      {"metrics", Kind::kMetric, TextCase::kExact, {}},
  };
}

}  // namespace xp::core
