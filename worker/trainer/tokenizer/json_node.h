// A value of a JSON file that knows where it lies, so that each error names its path:
// "pre_tokenizer.pretokenizers[1].type". Internal to the readers of tokenizer.json: its functions
// throw JsonNode::Bad, which ParseTokenizerJson catches. Lives no longer than the JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

class JsonNode {
 public:
  struct Bad : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  JsonNode(const nlohmann::json& value, std::string path) : value_(value), path_(std::move(path)) {}

  const nlohmann::json& value() const { return value_; }
  const std::string& path() const { return path_; }

  // "PATH: is FOUND; accepted: ACCEPTED".
  [[noreturn]] void Refuse(std::string_view accepted) const;

  bool Has(const char* key) const;      // there, and not null
  JsonNode At(const char* key) const;   // refuses when it is missing
  std::vector<JsonNode> Items() const;  // of an array
  std::string Text() const;
  bool Flag() const;
  uint32_t TokenId() const;  // 0 to kMaxTokenId

  std::string TextOr(const char* key, std::string otherwise) const;
  bool FlagOr(const char* key, bool otherwise) const;
  std::string Type() const { return TextOr("type", "(none)"); }

 private:
  const nlohmann::json& value_;
  const std::string path_;
};

}  // namespace xp::trainer
