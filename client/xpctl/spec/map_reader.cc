#include "client/xpctl/spec/map_reader.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "client/xpctl/spec/quantities.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

// Edits (insert, drop, replace, two neighbours swapped) that turn one word into the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& names) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  const std::string folded = absl::AsciiStrToLower(ToAbsl(word));
  for (const std::string& name : names) {
    const size_t distance = Distance(folded, absl::AsciiStrToLower(name));
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

std::optional<std::string> ReadText(const YamlNode& node, const std::string& path, TextRule rule,
                                    SpecErrors* errors) {
  if (node.kind != YamlNode::Kind::kScalar) {
    errors->Add(node, path, Describe(node) + " where text belongs");
    return std::nullopt;
  }
  const ScalarKind kind = KindOf(node);
  if (rule == TextRule::kTextOnly && kind != ScalarKind::kText) {
    errors->Add(node, path,
                Describe(node) + " where text belongs; write \"" + node.text +
                    "\" in quotes if that is meant");
    return std::nullopt;
  }
  if (node.text.find('\0') != node.text.npos) {
    errors->Add(node, path, "holds a NUL byte; only text is accepted");
    return std::nullopt;
  }
  return node.text;
}

MapReader::MapReader(const YamlNode& node, std::string path, SpecErrors* errors)
    : node_(node), path_(std::move(path)), errors_(errors), ok_(node.kind == YamlNode::Kind::kMap) {
  if (!ok_) {
    errors_->Add(node, path_, Describe(node) + " where a map (key: value) belongs");
    return;
  }
  std::map<std::string_view, int> lines;
  for (const YamlEntry& entry : node_.entries) {
    const auto [first, fresh] = lines.emplace(entry.key.text, entry.key.line);
    if (fresh) continue;
    errors_->Add(entry.key, PathOf(entry.key.text),
                 absl::StrCat("is there twice, first in line ", first->second));
  }
}

std::string MapReader::PathOf(std::string_view field) const {
  return path_.empty() ? std::string(field) : path_ + "." + std::string(field);
}

const YamlNode* MapReader::Take(std::string_view field) {
  known_.insert(std::string(field));
  if (!ok_) return nullptr;
  for (const YamlEntry& entry : node_.entries) {
    if (entry.key.text == field) return &entry.value;
  }
  return nullptr;
}

void MapReader::Text(std::string_view field, std::optional<std::string>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  if (auto text = ReadText(*node, PathOf(field), TextRule::kTextOnly, errors_)) *out = *text;
}

void MapReader::Integer(std::string_view field, int64_t min, int64_t max,
                        std::optional<int64_t>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  int64_t value = 0;
  const bool number = node->kind == YamlNode::Kind::kScalar && !node->quoted &&
                      absl::SimpleAtoi(node->text, &value);
  if (!number || value < min || value > max) {
    errors_->Add(
        *node, PathOf(field),
        absl::StrCat(Describe(*node), " where a whole number from ", min, " to ", max, " belongs"));
    return;
  }
  *out = value;
}

void MapReader::Boolean(std::string_view field, std::optional<bool>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kScalar || KindOf(*node) != ScalarKind::kBool) {
    errors_->Add(*node, PathOf(field), Describe(*node) + " where true or false belongs");
    return;
  }
  *out = node->text[0] == 't' || node->text[0] == 'T';
}

void MapReader::Duration(std::string_view field, std::optional<absl::Duration>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kScalar) {
    errors_->Add(*node, PathOf(field), Describe(*node) + " where a duration such as 2h belongs");
    return;
  }
  const absl::StatusOr<absl::Duration> duration = ParseDuration(node->text);
  if (!duration.ok()) {
    errors_->Add(*node, PathOf(field), FromAbsl(duration.status().message()));
    return;
  }
  *out = *duration;
}

void MapReader::Size(std::string_view field, std::optional<uint64_t>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kScalar) {
    errors_->Add(*node, PathOf(field), Describe(*node) + " where a size such as 16GiB belongs");
    return;
  }
  const absl::StatusOr<uint64_t> size = ParseSize(node->text);
  if (!size.ok()) {
    errors_->Add(*node, PathOf(field), FromAbsl(size.status().message()));
    return;
  }
  *out = *size;
}

void MapReader::TextMap(std::string_view field, std::map<std::string, std::string>* out) {
  const YamlNode* const node = Take(field);
  if (node == nullptr) return;
  MapReader map(*node, PathOf(field), errors_);
  if (!map.ok()) return;
  for (const YamlEntry& entry : node->entries) {
    const std::string& key = entry.key.text;
    if (auto text = ReadText(entry.value, map.PathOf(key), TextRule::kAnyScalar, errors_)) {
      (*out)[key] = *text;
    }
  }
}

void MapReader::Finish() {
  if (!ok_) return;
  const std::vector<std::string> names(known_.begin(), known_.end());
  for (const YamlEntry& entry : node_.entries) {
    if (known_.contains(entry.key.text)) continue;
    const std::string near = Nearest(entry.key.text, names);
    std::string what = "unknown field";
    if (entry.key.text == "<<") {
      what += "; YAML merge keys are not supported, use defaults";
    } else if (!near.empty()) {
      what += "; did you mean " + near + "?";
    } else {
      what += "; known are " + absl::StrJoin(names, ", ");
    }
    errors_->Add(entry.key, PathOf(entry.key.text), what);
  }
}

}  // namespace xp::xpctl
