#include "client/xpctl/spec/param_value.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "client/xpctl/spec/map_reader.h"

namespace xp::xpctl {
namespace {

constexpr size_t kKeyMaxLength = 255;

std::string Quote(const std::string& text) { return nlohmann::json(text).dump(); }

// The digits of a YAML number as JSON wants them: `+.5` and `007` are none.
std::string JsonNumber(std::string text) {
  std::string sign;
  if (text[0] == '+' || text[0] == '-') {
    if (text[0] == '-') sign = "-";
    text.erase(0, 1);
  }
  const size_t digit = text.find_first_not_of('0');
  if (digit != 0 && digit != text.npos && text[digit] >= '0' && text[digit] <= '9') {
    text.erase(0, digit);
  } else if (digit != 0) {
    text.erase(0, (digit == text.npos ? text.size() : digit) - 1);
  }
  if (text[0] == '.') text.insert(0, "0");
  const size_t point = text.find('.');
  if (point != text.npos &&
      (point + 1 == text.size() || text[point + 1] < '0' || text[point + 1] > '9')) {
    text.insert(point + 1, "0");
  }
  return sign + text;
}

bool AppendJson(const YamlNode& node, const std::string& path, SpecErrors* errors,
                std::string* out) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      *out += "null";
      return true;
    case YamlNode::Kind::kScalar:
      switch (KindOf(node)) {
        case ScalarKind::kBool:
          *out += node.text[0] == 't' || node.text[0] == 'T' ? "true" : "false";
          return true;
        case ScalarKind::kNumber:
          *out += JsonNumber(node.text);
          return true;
        default:
          *out += Quote(node.text);
          return true;
      }
    case YamlNode::Kind::kList: {
      *out += '[';
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) *out += ',';
        if (!AppendJson(node.items[i], path, errors, out)) return false;
      }
      *out += ']';
      return true;
    }
    case YamlNode::Kind::kMap: {
      if (!MapReader(node, path, errors).ok()) return false;
      *out += '{';
      for (size_t i = 0; i < node.entries.size(); ++i) {
        if (i > 0) *out += ',';
        *out += Quote(node.entries[i].key.text) + ":";
        if (!AppendJson(node.entries[i].value, path, errors, out)) return false;
      }
      *out += '}';
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<v1::Param> ReadParam(const std::string& key, const YamlNode& value,
                                   const std::string& path, SpecErrors* errors) {
  v1::Param param;
  param.set_key(key);
  if (key.empty() || key.size() > kKeyMaxLength) {
    errors->Add(value, path, "a parameter's name has 1 to 255 bytes");
    return std::nullopt;
  }
  if (value.kind == YamlNode::Kind::kList || value.kind == YamlNode::Kind::kMap) {
    param.set_kind(v1::PARAM_KIND_JSON);
    if (!AppendJson(value, path, errors, param.mutable_text())) return std::nullopt;
    return param;
  }
  switch (KindOf(value)) {
    case ScalarKind::kNull:
      param.set_kind(v1::PARAM_KIND_NULL);
      break;
    case ScalarKind::kBool:
      param.set_kind(v1::PARAM_KIND_BOOL);
      param.set_text(value.text[0] == 't' || value.text[0] == 'T' ? "true" : "false");
      break;
    case ScalarKind::kNumber:
      param.set_kind(v1::PARAM_KIND_NUMBER);
      param.set_text(value.text);
      break;
    case ScalarKind::kText:
      param.set_kind(v1::PARAM_KIND_STRING);
      param.set_text(value.text);
      break;
  }
  return param;
}

std::vector<v1::Param> ReadParams(const YamlNode& node, const std::string& path,
                                  SpecErrors* errors) {
  std::vector<v1::Param> params;
  MapReader map(node, path, errors);
  if (!map.ok()) return params;
  for (const YamlEntry& entry : node.entries) {
    if (auto param = ReadParam(entry.key.text, entry.value, map.PathOf(entry.key.text), errors)) {
      SetParam(*param, &params);
    }
  }
  return params;
}

void SetParam(const v1::Param& param, std::vector<v1::Param>* params) {
  for (v1::Param& known : *params) {
    if (known.key() != param.key()) continue;
    known = param;
    return;
  }
  params->push_back(param);
}

}  // namespace xp::xpctl
