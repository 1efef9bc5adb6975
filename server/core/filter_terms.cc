#include "server/core/filter_terms.h"

#include <algorithm>

namespace xp::core {
namespace {

std::optional<std::string> EqualText(const FilterNode& node, std::string_view field) {
  const bool equals = node.kind == FilterNode::Kind::kCompare && node.op == FilterOp::kEqual &&
                      node.path.size() == 1 && node.path[0] == field &&
                      !node.number.has_value();  // 1 equals "01" and "1.0" too
  if (!equals) return std::nullopt;
  return node.literal;
}

bool Mentions(const FilterNode& node, std::string_view field) {
  if (node.kind == FilterNode::Kind::kCompare) return node.path[0] == field;
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const FilterNode& child) { return Mentions(child, field); });
}

}  // namespace

std::optional<std::string> RequiredText(const Filter& filter, std::string_view field) {
  if (filter.root() == nullptr) return std::nullopt;
  if (filter.root()->kind != FilterNode::Kind::kAnd) return EqualText(*filter.root(), field);
  for (const FilterNode& child : filter.root()->children) {
    if (auto text = EqualText(child, field)) return text;
  }
  return std::nullopt;
}

bool Mentions(const Filter& filter, std::string_view field) {
  return filter.root() != nullptr && Mentions(*filter.root(), field);
}

}  // namespace xp::core
