// tokenizer.json, as the Rust tokenizers write it: the part of it that BERT- and RoBERTa-like
// models use. Anything else is named and refused, never guessed.
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

using nlohmann::json;

absl::Status Unsupported(const char* where, const std::string& found, const char* accepted) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s is of type '%s', which xptrain does not know; accepted: %s", where, found, accepted));
}

std::string TypeOf(const json& object) { return object.value("type", std::string("none")); }

void ReadVocab(const json& vocab, Vocabulary& vocabulary) {
  for (const auto& [token, id] : vocab.items()) {
    const uint64_t number = id.get<uint64_t>();
    if (number > kMaxTokenId) throw std::out_of_range("the id of '" + token + "' is too large");
    vocabulary.Set(token, uint32_t(number));
  }
}

bool BoolOr(const json& object, const char* key, bool otherwise) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? otherwise : it->get<bool>();
}

std::string TextOr(const json& object, const char* key, std::string otherwise) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? otherwise : it->get<std::string>();
}

absl::Status ReadModel(const json& model, TokenizerParts& parts) {
  std::string type = TypeOf(model);
  if (type == "none") type = model.contains("merges") ? "BPE" : "WordPiece";  // older files
  ReadVocab(model.at("vocab"), parts.vocabulary);
  if (type == "WordPiece") {
    WordPieceOptions options;
    options.unknown_token = TextOr(model, "unk_token", options.unknown_token);
    options.continuing_prefix =
        TextOr(model, "continuing_subword_prefix", options.continuing_prefix);
    options.max_chars_per_word =
        model.value("max_input_chars_per_word", options.max_chars_per_word);
    parts.wordpiece = options;
    return absl::OkStatus();
  }
  if (type != "BPE") return Unsupported("model", type, "WordPiece, BPE");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!TextOr(model, key, "").empty()) {
      return absl::InvalidArgumentError(absl::StrFormat("model.%s must be empty", key));
    }
  }
  parts.bpe.unknown_token = TextOr(model, "unk_token", "");
  parts.bpe.ignore_merges = BoolOr(model, "ignore_merges", false);
  for (const json& merge : model.at("merges")) {
    if (merge.is_array()) {
      parts.bpe_merges.emplace_back(merge.at(0), merge.at(1));
      continue;
    }
    const std::string text = merge.get<std::string>();
    const size_t blank = text.find(' ');
    if (blank == text.npos) throw std::out_of_range("the merge '" + text + "' has no blank");
    parts.bpe_merges.emplace_back(text.substr(0, blank), text.substr(blank + 1));
  }
  return absl::OkStatus();
}

absl::Status ReadNormalizer(const json& file, TokenizerParts& parts) {
  const auto it = file.find("normalizer");
  if (it == file.end() || it->is_null()) return absl::OkStatus();
  if (TypeOf(*it) != "BertNormalizer")
    return Unsupported("normalizer", TypeOf(*it), "BertNormalizer, null");
  BertNormalizerOptions options;
  options.clean_text = BoolOr(*it, "clean_text", true);
  options.handle_chinese_chars = BoolOr(*it, "handle_chinese_chars", true);
  options.lowercase = BoolOr(*it, "lowercase", true);
  options.strip_accents = BoolOr(*it, "strip_accents", options.lowercase);
  parts.normalizer = options;
  return absl::OkStatus();
}

absl::Status ReadPreTokenizer(const json& file, TokenizerParts& parts) {
  const json& object = file.at("pre_tokenizer");
  const char* wanted = parts.wordpiece ? "BertPreTokenizer" : "ByteLevel";
  const std::string type = object.is_null() ? "none" : TypeOf(object);
  if (type != wanted) return Unsupported("pre_tokenizer", type, wanted);
  if (!parts.wordpiece) {
    parts.add_prefix_space = BoolOr(object, "add_prefix_space", true);
    if (!BoolOr(object, "use_regex", true)) {
      return absl::InvalidArgumentError("pre_tokenizer.use_regex must be true");
    }
    if (parts.normalizer) return Unsupported("normalizer", "BertNormalizer", "null with ByteLevel");
  }
  return absl::OkStatus();
}

void ReadTemplate(const json& processor, TokenizerParts& parts) {
  bool before = true;
  for (const json& piece : processor.at("single")) {
    if (piece.contains("Sequence")) {
      before = false;
      continue;
    }
    const std::string name = piece.at("SpecialToken").at("id");
    for (const json& id : processor.at("special_tokens").at(name).at("ids")) {
      (before ? parts.prefix_ids : parts.suffix_ids).push_back(id.get<uint32_t>());
    }
  }
}

absl::Status ReadPostProcessor(const json& processor, TokenizerParts& parts) {
  if (processor.is_null()) return absl::OkStatus();
  const std::string type = TypeOf(processor);
  if (type == "TemplateProcessing") {
    ReadTemplate(processor, parts);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    parts.prefix_ids.push_back(processor.at("cls").at(1).get<uint32_t>());
    parts.suffix_ids.push_back(processor.at("sep").at(1).get<uint32_t>());
  } else if (type == "Sequence") {
    for (const json& inner : processor.at("processors")) {
      if (absl::Status status = ReadPostProcessor(inner, parts); !status.ok()) return status;
    }
  } else if (type != "ByteLevel") {  // that one only trims offsets, which nobody asks for here
    return Unsupported(
        "post_processor", type,
        "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence");
  }
  return absl::OkStatus();
}

void ReadAddedTokens(const json& file, TokenizerParts& parts) {
  for (const json& token : file.value("added_tokens", json::array())) {
    AddedToken added{token.at("content"), token.at("id").get<uint32_t>()};
    if (added.id > kMaxTokenId) throw std::out_of_range("the id of an added token is too large");
    added.single_word = BoolOr(token, "single_word", false);
    added.lstrip = BoolOr(token, "lstrip", false);
    added.rstrip = BoolOr(token, "rstrip", false);
    added.normalized = BoolOr(token, "normalized", true);
    added.special = BoolOr(token, "special", false);
    parts.added_tokens.push_back(std::move(added));
  }
}

void FindPad(TokenizerParts& parts) {
  for (const char* name : {"[PAD]", "<pad>"}) {
    for (const AddedToken& token : parts.added_tokens) {
      if (token.content == name) parts.pad_id = token.id;
    }
    const uint32_t id = parts.vocabulary.Find(name);
    if (id != Vocabulary::kNone) parts.pad_id = id;
  }
}

absl::Status Read(const json& file, TokenizerParts& parts) {
  if (absl::Status status = ReadModel(file.at("model"), parts); !status.ok()) return status;
  if (absl::Status status = ReadNormalizer(file, parts); !status.ok()) return status;
  if (absl::Status status = ReadPreTokenizer(file, parts); !status.ok()) return status;
  ReadAddedTokens(file, parts);
  FindPad(parts);
  return ReadPostProcessor(file.value("post_processor", json()), parts);
}

}  // namespace

absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text) {
  absl::StatusOr<json> file = ParseJson(text);
  if (!file.ok()) return file.status();
  TokenizerParts parts;
  try {
    if (absl::Status status = Read(*file, parts); !status.ok()) return status;
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(std::string("not a tokenizer's shape: ") + error.what());
  } catch (const std::out_of_range& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return parts;
}

}  // namespace xp::trainer
