#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/core/filter.h"
#include "server/core/filter_lexer.h"
#include "server/core/metric_stat.h"
#include "server/core/suggest.h"
#include "server/core/text.h"

namespace xp::core {
namespace {

using Kind = FilterToken::Kind;
using Node = FilterNode;

// The names as a person writes them: "state", "params.KEY".
std::vector<std::string> Searchable(const std::vector<FilterField>& fields) {
  std::vector<std::string> names;
  for (const FilterField& field : fields) {
    switch (field.kind) {
      case FilterField::Kind::kPlain:
        names.push_back(field.name);
        break;
      case FilterField::Kind::kMap:
        names.push_back(field.name + ".KEY");
        break;
      case FilterField::Kind::kMetric:
        names.push_back(field.name + ".NAME.STAT");
        break;
    }
  }
  return names;
}

std::string Found(const FilterToken& token) {
  return token.kind == Kind::kEnd ? "the end" : absl::StrCat("'", token.text, "'");
}

// expression = term { OR term }; term = factor { AND factor };
// factor = NOT factor | '(' expression ')' | name operator value.
class Parser {
 public:
  Parser(std::string_view field, const std::vector<FilterField>& fields,
         std::vector<FilterToken> tokens)
      : field_(field), fields_(fields), tokens_(std::move(tokens)) {}

  absl::StatusOr<Node> Run() {
    absl::StatusOr<Node> node = Expression(0);
    if (!node.ok()) return node;
    if (Now().kind == Kind::kEnd) return node;
    if (Now().kind == Kind::kOperator && next_ > 0) {
      return Error(Now(), absl::StrCat(Found(Now()),
                                       " cannot follow here; a name with ':' in it is "
                                       "quoted: metrics.\"test:f1\" > 0.9"));
    }
    return Error(Now(), absl::StrCat("found ", Found(Now()), " where AND, OR or the end belongs"));
  }

 private:
  absl::StatusOr<Node> Expression(int depth) {
    return Chain(Node::Kind::kOr, "OR", [this, depth] {
      return Chain(Node::Kind::kAnd, "AND", [this, depth] { return Factor(depth); });
    });
  }

  template <typename Part>
  absl::StatusOr<Node> Chain(Node::Kind kind, std::string_view keyword, Part part) {
    absl::StatusOr<Node> first = part();
    if (!first.ok() || !Now().IsKeyword(keyword)) return first;
    Node chain;
    chain.kind = kind;
    chain.children.push_back(*std::move(first));
    while (Now().IsKeyword(keyword)) {
      ++next_;
      absl::StatusOr<Node> other = part();
      if (!other.ok()) return other;
      chain.children.push_back(*std::move(other));
    }
    return chain;
  }

  absl::StatusOr<Node> Factor(int depth) {
    if (depth >= kFilterMaxDepth) {
      return Error(Now(), absl::StrCat("nested deeper than ", kFilterMaxDepth, " levels"));
    }
    if (Now().IsKeyword("NOT")) {
      ++next_;
      absl::StatusOr<Node> inner = Factor(depth + 1);
      if (!inner.ok()) return inner;
      Node node;
      node.kind = Node::Kind::kNot;
      node.children.push_back(*std::move(inner));
      return node;
    }
    if (Now().kind == Kind::kOpen) {
      const FilterToken open = tokens_[next_++];
      absl::StatusOr<Node> inner = Expression(depth + 1);
      if (!inner.ok()) return inner;
      if (Now().kind != Kind::kClose) {
        return Error(Now(), absl::StrCat("found ", Found(Now()), " where the ')' for the '(' at ",
                                         open.place, " belongs"));
      }
      ++next_;
      return inner;
    }
    return Comparison();
  }

  absl::StatusOr<Node> Comparison() {
    const FilterToken name = Now();
    if (name.kind != Kind::kWord || name.IsKeyword("AND") || name.IsKeyword("OR")) {
      return Error(name, absl::StrCat("found ", Found(name),
                                      " where a name belongs: ", NameList(Searchable(fields_))));
    }
    ++next_;
    Node node;
    const FilterField* field = Resolve(name, node.path);
    if (field == nullptr) return UnknownName(name);
    node.text = field->text;

    const FilterToken op = Now();
    if (op.kind != Kind::kOperator) {
      return Error(op, absl::StrCat("found ", Found(op), " after '", name.text,
                                    "' where one of = != < <= > >= : belongs"));
    }
    ++next_;
    node.op = op.op;
    const FilterToken value = Now();
    if (value.kind != Kind::kWord) {
      return Error(value, absl::StrCat("found ", Found(value),
                                       " where a value belongs; text with "
                                       "blanks or signs is quoted: \"like this\""));
    }
    ++next_;
    node.literal = value.text;
    node.any_value = node.op == FilterOp::kHas && value.text == "*" && !value.quoted;
    double number = 0;
    if (!value.quoted && absl::SimpleAtod(value.text, &number) && !std::isnan(number)) {
      node.number = number;
    }
    if (absl::Status fits = CheckValue(*field, node, value); !fits.ok()) return fits;
    return node;
  }

  // The field that `name` means, and its path; null when there is none.
  const FilterField* Resolve(const FilterToken& name, FilterPath& path) const {
    for (const FilterField& field : fields_) {
      if (!absl::EqualsIgnoreCase(field.name, name.parts[0])) continue;
      path = {field.name};
      if (field.kind == FilterField::Kind::kPlain) {
        return name.parts.size() == 1 ? &field : nullptr;
      }
      if (name.parts.size() < 2 || name.parts[1].empty()) return nullptr;
      auto end = name.parts.end();
      std::optional<MetricStat> stat;
      if (field.kind == FilterField::Kind::kMetric) {
        if (name.parts.size() > 2) stat = ParseStat(name.parts.back());
        if (stat.has_value()) --end;
      }
      path.push_back(absl::StrJoin(name.parts.begin() + 1, end, "."));
      if (field.kind == FilterField::Kind::kMetric) {
        path.emplace_back(StatName(stat.value_or(MetricStat::kAvg)));
      }
      return &field;
    }
    return nullptr;
  }

  absl::Status UnknownName(const FilterToken& name) const {
    const std::vector<std::string> names = Searchable(fields_);
    return Error(name,
                 absl::StrCat("'", name.text, "' cannot be searched", DidYouMean(name.text, names),
                              "; searchable are ", NameList(names)));
  }

  absl::Status CheckValue(const FilterField& field, const Node& node,
                          const FilterToken& value) const {
    if (field.kind == FilterField::Kind::kMetric && !node.any_value) {
      if (node.op == FilterOp::kHas) {
        return Error(value, absl::StrCat("a metric has no text to search in; compare it with a "
                                         "number, and quote a name with ':' in it: metrics.\"",
                                         node.path[1], ":", value.text, "\" > 0.9"));
      }
      if (!node.number.has_value()) {
        return Error(value, absl::StrCat("a metric compares with a number; found ", Found(value)));
      }
    }
    const bool equality = node.op == FilterOp::kEqual || node.op == FilterOp::kNotEqual;
    if (field.words.empty() || !equality) return absl::OkStatus();
    const bool known = std::any_of(
        field.words.begin(), field.words.end(),
        [&](const std::string& word) { return absl::EqualsIgnoreCase(word, value.text); });
    if (known) return absl::OkStatus();
    return Error(value, absl::StrCat("'", value.text, "' is no ", field.name,
                                     DidYouMean(value.text, field.words), "; one of ",
                                     NameList(field.words)));
  }

  const FilterToken& Now() const { return tokens_[next_]; }
  absl::Status Error(const FilterToken& token, std::string_view message) const {
    return FilterError(field_, token.place, message);
  }

  const std::string_view field_;
  const std::vector<FilterField>& fields_;
  const std::vector<FilterToken> tokens_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<Filter> Filter::Parse(std::string_view field, std::string_view text,
                                     const std::vector<FilterField>& fields) {
  if (text.size() > kFilterMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        ToAbsl(field), ": ", text.size(), " bytes; a filter has at most ", kFilterMaxBytes));
  }
  absl::StatusOr<std::vector<FilterToken>> tokens = CutFilter(field, text);
  if (!tokens.ok()) return tokens.status();
  Filter filter;
  if (tokens->size() == 1) return filter;
  absl::StatusOr<Node> root = Parser(field, fields, *std::move(tokens)).Run();
  if (!root.ok()) return root.status();
  filter.root_ = std::make_shared<const Node>(*std::move(root));
  return filter;
}

}  // namespace xp::core
