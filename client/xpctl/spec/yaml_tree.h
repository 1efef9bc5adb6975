// YAML text as a tree that keeps what a spec needs and yaml-cpp's nodes lose: the position of each
// part, whether a scalar was quoted, the order of keys, and keys that are there twice.
//
// Errors: INVALID_ARGUMENT with "line L, column C: what". Values; safe from any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace xp::xpctl {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                    // 1, 2, 3 ...; 0: unknown
  int column = 0;                  // 1, 2, 3 ...
  std::string text;                // of a scalar, exactly as written (without its quotes)
  bool quoted = false;             // "5" is text, 5 is a number
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a map, in the order of the file
};

struct YamlEntry {
  YamlNode key;  // a scalar
  YamlNode value;
};

// One document. Anchors and aliases are resolved (aliases may add 300,000 nodes to those that are
// written: an alias bomb is an error); tags of one's own are refused.
absl::StatusOr<YamlNode> ParseYaml(std::string_view text);

enum class ScalarKind { kNull, kBool, kNumber, kText };

// What a scalar means by YAML's core schema: `true`, `1`, `5e-5`; quoted it is text. yes, no, on,
// off are text.
ScalarKind KindOf(const YamlNode& node);

// For messages: "a number (5)", "a list", "nothing".
std::string Describe(const YamlNode& node);

}  // namespace xp::xpctl
