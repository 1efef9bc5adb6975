#include "worker/trainer/tokenizer/json_node.h"

#include "worker/trainer/files.h"

namespace xp::trainer {

void JsonNode::Refuse(std::string_view accepted) const {
  constexpr size_t kShown = 60;
  std::string found = value_.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (found.size() > kShown) found = found.substr(0, kShown) + "...";
  throw Bad(path_ + ": is " + found + "; accepted: " + std::string(accepted));
}

bool JsonNode::Has(const char* key) const {
  const auto it = value_.find(key);
  return it != value_.end() && !it->is_null();
}

JsonNode JsonNode::At(const char* key) const {
  const std::string path = path_.empty() ? key : path_ + "." + key;
  if (!value_.is_object()) Refuse("an object");
  const auto it = value_.find(key);
  if (it == value_.end()) throw Bad(path + ": is missing");
  return {*it, path};
}

std::vector<JsonNode> JsonNode::Items() const {
  if (!value_.is_array()) Refuse("an array");
  std::vector<JsonNode> items;
  for (size_t i = 0; i < value_.size(); ++i) {
    items.emplace_back(value_[i], path_ + "[" + std::to_string(i) + "]");
  }
  return items;
}

std::string JsonNode::Text() const {
  if (!value_.is_string()) Refuse("a text");
  return value_.get<std::string>();
}

bool JsonNode::Flag() const {
  if (!value_.is_boolean()) Refuse("true, false");
  return value_.get<bool>();
}

uint32_t JsonNode::TokenId() const {
  if (!value_.is_number_unsigned() || value_.get<uint64_t>() > kMaxTokenId) {
    Refuse("an id from 0 to " + std::to_string(kMaxTokenId));
  }
  return value_.get<uint32_t>();
}

std::string JsonNode::TextOr(const char* key, std::string otherwise) const {
  return Has(key) ? At(key).Text() : otherwise;
}

bool JsonNode::FlagOr(const char* key, bool otherwise) const {
  return Has(key) ? At(key).Flag() : otherwise;
}

}  // namespace xp::trainer
