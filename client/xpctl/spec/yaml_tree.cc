#include "client/xpctl/spec/yaml_tree.h"

#include <absl/strings/str_cat.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <map>
#include <sstream>
#include <utility>

#include "client/cpp/utf8.h"
#include "proto/escaped.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

// What aliases may add to what is written, of which each part has two bytes at least.
constexpr size_t kCopiesMax = 300'000;
constexpr size_t kShownMaxBytes = 60;

absl::Status At(const YAML::Mark& mark, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", mark.line + 1, ", column ", mark.column + 1, ": ", ToAbsl(what)));
}

// Builds the tree out of the parser's events. The first error wins; what follows it is ignored.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(size_t text_bytes) : nodes_max_(kCopiesMax + text_bytes / 2) {}

  absl::Status status;
  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node = NodeAt(mark, YamlNode::Kind::kNull);
    Anchor(anchor, node);
    Place(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      Fail(mark, "an alias inside of what it stands for");
      return;
    }
    YamlNode copy = found->second;
    copy.line = mark.line + 1;
    copy.column = mark.column + 1;
    nodes_ += CountNodes(copy);
    CheckCount(mark);
    Place(std::move(copy));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = NodeAt(mark, YamlNode::Kind::kScalar);
    node.text = value;
    node.quoted = tag != "?";  // yaml-cpp: "?" for plain scalars, "!" for quoted and block ones
    if (tag == "tag:yaml.org,2002:str") {
      node.quoted = true;
    } else if (tag != "?" && tag != "!" && !tag.empty()) {
      Fail(mark, "the tag " + tag + " is not known here");
    }
    Anchor(anchor, node);
    Place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    YamlNode key;
  };

  static size_t CountNodes(const YamlNode& node) {
    size_t count = 1;
    for (const YamlNode& item : node.items) count += CountNodes(item);
    for (const YamlEntry& entry : node.entries) count += 1 + CountNodes(entry.value);
    return count;
  }

  void CheckCount(const YAML::Mark& mark) {
    if (nodes_ <= nodes_max_) return;
    Fail(mark, absl::StrCat("more than ", nodes_max_,
                            " parts (an alias counts for all that it stands for; aliases of "
                            "aliases?); write fewer trials into one file"));
  }

  YamlNode NodeAt(const YAML::Mark& mark, YamlNode::Kind kind) {
    ++nodes_;
    CheckCount(mark);
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (tag != "?" && tag != "!" && !tag.empty()) {
      Fail(mark, "the tag " + tag + " is not known here");
    }
    Frame frame;
    frame.node = NodeAt(mark, kind);
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    Anchor(frame.anchor, frame.node);
    Place(std::move(frame.node));
  }

  void Anchor(YAML::anchor_t anchor, const YamlNode& node) {
    if (anchor != 0) anchors_[anchor] = node;
  }

  void Place(YamlNode node) {
    if (!status.ok()) return;
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::kList) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      if (node.kind == YamlNode::Kind::kNull) {  // `null: 1` and `~: 1` are words here
        node.kind = YamlNode::Kind::kScalar;
        node.text = "null";
      }
      if (node.kind != YamlNode::Kind::kScalar) {
        status = absl::InvalidArgumentError(
            absl::StrCat("line ", node.line, ", column ", node.column, ": a key must be a word"));
      }
      top.key = std::move(node);
      top.has_key = true;
    } else {
      top.node.entries.push_back({std::move(top.key), std::move(node)});
      top.has_key = false;
    }
  }

  void Fail(const YAML::Mark& mark, std::string_view what) {
    if (status.ok()) status = At(mark, what);
  }

  const size_t nodes_max_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0;
};

bool IsNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  size_t mantissa = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    mantissa += digits();
  }
  if (mantissa == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// The line with this number, from 0; "" beyond the last.
std::string_view LineOf(std::string_view text, int number) {
  for (; number > 0 && !text.empty(); --number) {
    const size_t end = text.find('\n');
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

// yaml-cpp's words for what people do wrong most tell little; the line itself is shown with them.
absl::Status SyntaxError(std::string_view text, const YAML::Exception& error) {
  YAML::Mark mark = error.mark;
  if (mark.is_null()) mark = YAML::Mark();
  if (dynamic_cast<const YAML::DeepRecursion*>(&error) != nullptr) {
    return At(mark, "lists or maps within each other more than 500 deep; a spec needs 5");
  }
  // The parser trips over a tab at the line that holds it or the one behind.
  for (int line = mark.line; line >= 0 && line >= mark.line - 1; --line) {
    const std::string_view found = LineOf(text, line);
    const size_t tab = found.find('\t');
    if (tab == found.npos || found.find_first_not_of(" \t") < tab) continue;
    mark.line = line;
    mark.column = static_cast<int>(tab);
    return At(mark, "a tab in the indentation; YAML takes spaces alone there");
  }
  const std::string_view line = LineOf(text, mark.line);
  const std::string_view shown = line.substr(0, line.find_last_not_of(' ') + 1);
  return At(mark,
            absl::StrCat(error.msg, ", in the line \"", Escaped(shown.substr(0, kShownMaxBytes)),
                         shown.size() > kShownMaxBytes ? "..." : "", "\""));
}

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(std::string_view text) {
  if (!client::IsUtf8(text) || text.find('\0') != text.npos) {
    return absl::InvalidArgumentError("line 1, column 1: this is no UTF-8 text");
  }
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    Builder builder(text.size());
    parser.HandleNextDocument(builder);
    XP_RETURN_IF_ERROR(builder.status);
    Builder second(text.size());
    if (parser.HandleNextDocument(second) && second.root.line != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", second.root.line, ", column ", second.root.column,
                       ": a second document; one file holds one experiment"));
    }
    return std::move(builder.root);
  } catch (const YAML::Exception& error) {
    return SyntaxError(text, error);
  }
}

ScalarKind KindOf(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kNull) return ScalarKind::kNull;
  if (node.quoted) return ScalarKind::kText;
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (node.text == word) return ScalarKind::kBool;
  }
  return IsNumber(node.text) ? ScalarKind::kNumber : ScalarKind::kText;
}

std::string Describe(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kNull) return "nothing";
  if (node.kind == YamlNode::Kind::kList) return "a list";
  if (node.kind == YamlNode::Kind::kMap) return "a map";
  std::string text = node.text.substr(0, 60);
  if (text.size() < node.text.size()) text += "...";
  switch (KindOf(node)) {
    case ScalarKind::kBool:
      return "a boolean (" + text + ")";
    case ScalarKind::kNumber:
      return "a number (" + text + ")";
    default:
      return "the text \"" + client::ToValidUtf8(text) + "\"";
  }
}

}  // namespace xp::xpctl
