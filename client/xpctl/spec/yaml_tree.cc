#include "client/xpctl/spec/yaml_tree.h"

#include <absl/strings/str_cat.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <map>
#include <sstream>
#include <utility>

#include "client/cpp/utf8.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

constexpr size_t kNodesMax = 100'000;

absl::Status At(const YAML::Mark& mark, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", mark.line + 1, ", column ", mark.column + 1, ": ", ToAbsl(what)));
}

// Builds the tree out of the parser's events. The first error wins; what follows it is ignored.
class Builder final : public YAML::EventHandler {
 public:
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
    if (nodes_ > kNodesMax) Fail(mark, "too many parts (aliases of aliases?)");
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

  YamlNode NodeAt(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > kNodesMax) Fail(mark, "too many parts");
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

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(std::string_view text) {
  if (!client::IsUtf8(text) || text.find('\0') != text.npos) {
    return absl::InvalidArgumentError("line 1, column 1: this is no UTF-8 text");
  }
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    Builder builder;
    parser.HandleNextDocument(builder);
    XP_RETURN_IF_ERROR(builder.status);
    Builder second;
    if (parser.HandleNextDocument(second) && second.root.line != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", second.root.line, ", column ", second.root.column,
                       ": a second document; one file holds one experiment"));
    }
    return std::move(builder.root);
  } catch (const YAML::Exception& error) {
    if (error.mark.is_null()) return absl::InvalidArgumentError("line 1, column 1: " + error.msg);
    return At(error.mark, error.msg);
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
