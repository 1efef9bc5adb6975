// Whether the files beside a bare vocabulary say the special tokens that we take for granted: of a
// vocab.txt BertTokenizer's, of a vocab.json RobertaTokenizer's. Pure functions, any thread.
#pragma once

#include <absl/status/status.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "worker/trainer/tokenizer/vocabulary.h"

namespace xp::trainer {

struct SpecialToken {
  std::string token;               // "[CLS]"
  std::vector<std::string> roles;  // keys of tokenizer_config.json: "cls_token", "bos_token"
  bool lstrip = false;             // takes the blanks before it
};
using SpecialTokens = std::vector<SpecialToken>;

const SpecialTokens& BertSpecialTokens();
const SpecialTokens& RobertaSpecialTokens();

// INVALID_ARGUMENT, with file, key, what was found and what would be accepted, where transformers
// would give other ids than we: tokenizer_config.json (`config`) or special_tokens_map.json has
// another token for a role, or tokens that we do not treat as special, or added_tokens.json has
// some. A token's `normalized` is not looked at. Reads the latter two in `dir`; ReadJson's codes
// where one is damaged.
absl::Status CheckSpecialTokens(const std::filesystem::path& dir, const nlohmann::json& config,
                                const SpecialTokens& ours, const Vocabulary& vocabulary);

}  // namespace xp::trainer
