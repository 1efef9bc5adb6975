#include "worker/trainer/tokenizer/special_tokens.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <utility>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// All roles that transformers has a key for.
constexpr const char* kRoles[] = {"unk_token",  "sep_token", "pad_token", "cls_token",
                                  "mask_token", "bos_token", "eos_token"};

// One file's answers against ours.
class Checker {
 public:
  Checker(fs::path file, const SpecialTokens& ours, const Vocabulary& vocabulary)
      : file_(std::move(file)), ours_(ours), vocabulary_(vocabulary) {}

  // The keys that tokenizer_config.json and special_tokens_map.json share.
  absl::Status CheckConfig(const json& config) const;
  // Each of `tokens` must be one of ours, under the id that the vocabulary has.
  absl::Status CheckAdded(const json& tokens, const std::string& key) const;
  // added_tokens.json: token to id.
  absl::Status CheckAddedIds(const json& ids) const;

 private:
  absl::Status Refuse(const std::string& key, const json& found,
                      const std::string& accepted) const {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %s is %s; accepted without a tokenizer.json: %s. Save the tokenizer with "
        "AutoTokenizer.from_pretrained(FOLDER, use_fast=True).save_pretrained(FOLDER): that writes "
        "tokenizer.json, which says it all",
        file_.string(), key, found.dump(-1, ' ', false, json::error_handler_t::replace), accepted));
  }
  const SpecialToken* Find(const json& token) const;
  std::string Ours() const;
  absl::Status CheckRole(const std::string& role, const json& found) const;
  absl::Status CheckFlags(const std::string& key, const json& found, const SpecialToken& as) const;

  const fs::path file_;
  const SpecialTokens& ours_;
  const Vocabulary& vocabulary_;
};

// "[CLS]" of "[CLS]" and of {"content": "[CLS]"}; else none of the tokens that there are.
std::string ContentOf(const json& token) {
  if (token.is_string()) return token.get<std::string>();
  if (!token.is_object()) return "";
  const auto content = token.find("content");
  return content != token.end() && content->is_string() ? content->get<std::string>() : "";
}

const SpecialToken* Checker::Find(const json& token) const {
  const std::string content = ContentOf(token);
  const auto it = std::find_if(ours_.begin(), ours_.end(),
                               [&](const SpecialToken& one) { return one.token == content; });
  return it == ours_.end() || vocabulary_.Find(content) == Vocabulary::kNone ? nullptr : &*it;
}

std::string Checker::Ours() const {
  std::string all;
  for (const SpecialToken& one : ours_) {
    if (vocabulary_.Find(one.token) == Vocabulary::kNone) continue;
    all += (all.empty() ? "" : ", ") + one.token;
  }
  return all;
}

absl::Status Checker::CheckFlags(const std::string& key, const json& found,
                                 const SpecialToken& as) const {
  if (!found.is_object()) return absl::OkStatus();
  for (const auto& [flag, ours] : {std::pair<const char*, bool>{"lstrip", as.lstrip},
                                   {"rstrip", false},
                                   {"single_word", false}}) {
    const json said = found.value(flag, json(false));  // as transformers takes it
    if (said == ours) continue;
    return Refuse(key + "." + flag, said, ours ? "true" : "false");
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckRole(const std::string& role, const json& found) const {
  const auto due = std::find_if(ours_.begin(), ours_.end(), [&](const SpecialToken& one) {
    return std::find(one.roles.begin(), one.roles.end(), role) != one.roles.end();
  });
  const SpecialToken* const token = Find(found);
  if (due == ours_.end()) {  // it is put nowhere, but must not be cut into pieces
    if (found.is_null()) return absl::OkStatus();
    return token != nullptr ? CheckFlags(role, found, *token) : Refuse(role, found, Ours());
  }
  // A vocabulary may lack [MASK]; then nobody finds it.
  if (vocabulary_.Find(due->token) == Vocabulary::kNone &&
      (found.is_null() || ContentOf(found) == due->token)) {
    return absl::OkStatus();
  }
  return token == &*due ? CheckFlags(role, found, *due) : Refuse(role, found, due->token);
}

absl::Status Checker::CheckAdded(const json& tokens, const std::string& key) const {
  if (tokens.is_null()) return absl::OkStatus();
  if (!tokens.is_structured()) return Refuse(key, tokens, "a list of " + Ours());
  for (const auto& [name, found] : tokens.items()) {
    const std::string at = key + "." + name;
    const SpecialToken* const token = Find(found);
    if (token == nullptr) return Refuse(at, found, Ours());
    if (absl::Status status = CheckFlags(at, found, *token); !status.ok()) return status;
    if (key != "added_tokens_decoder") continue;
    const std::string id = std::to_string(vocabulary_.Find(token->token));
    if (name != id) return Refuse(at, found, token->token + " under " + id + ", its id");
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckAddedIds(const json& ids) const {
  if (!ids.is_object()) return Refuse("it", ids, "an object of token to id");
  for (const auto& [token, id] : ids.items()) {
    if (Find(token) == nullptr) return Refuse("'" + token + "'", id, Ours());
    const uint32_t known = vocabulary_.Find(token);
    if (id != known) return Refuse("'" + token + "'", id, std::to_string(known) + ", its id");
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckConfig(const json& config) const {
  if (config.is_null()) return absl::OkStatus();
  if (!config.is_object()) return Refuse("it", config, "an object");
  for (const char* role : kRoles) {
    const auto it = config.find(role);
    if (it == config.end()) continue;
    if (absl::Status status = CheckRole(role, *it); !status.ok()) return status;
  }
  for (const char* key :
       {"additional_special_tokens", "extra_special_tokens", "added_tokens_decoder"}) {
    const auto it = config.find(key);
    if (it == config.end()) continue;
    if (absl::Status status = CheckAdded(*it, key); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

const SpecialTokens& BertSpecialTokens() {
  static const SpecialTokens tokens = {{"[PAD]", {"pad_token"}},
                                       {"[UNK]", {"unk_token"}},
                                       {"[CLS]", {"cls_token"}},
                                       {"[SEP]", {"sep_token"}},
                                       {"[MASK]", {"mask_token"}}};
  return tokens;
}

const SpecialTokens& RobertaSpecialTokens() {
  static const SpecialTokens tokens = {{"<s>", {"bos_token", "cls_token"}},
                                       {"<pad>", {"pad_token"}},
                                       {"</s>", {"eos_token", "sep_token"}},
                                       {"<unk>", {"unk_token"}},
                                       {"<mask>", {"mask_token"}, /*lstrip=*/true}};
  return tokens;
}

absl::Status CheckSpecialTokens(const fs::path& dir, const json& config, const SpecialTokens& ours,
                                const Vocabulary& vocabulary) {
  absl::Status status =
      Checker(dir / "tokenizer_config.json", ours, vocabulary).CheckConfig(config);
  for (const char* name : {"special_tokens_map.json", "added_tokens.json"}) {
    if (!status.ok()) return status;
    absl::StatusOr<json> read = ReadJson(dir / name);
    if (absl::IsNotFound(read.status())) continue;
    if (!read.ok()) return read.status();
    const Checker checker(dir / name, ours, vocabulary);
    status = std::string(name) == "added_tokens.json" ? checker.CheckAddedIds(*read)
                                                      : checker.CheckConfig(*read);
  }
  return status;
}

}  // namespace xp::trainer
