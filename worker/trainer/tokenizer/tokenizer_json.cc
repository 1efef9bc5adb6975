#include "worker/trainer/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <map>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/byte_level.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

using nlohmann::json;

void ReadVocab(const JsonNode& vocab, Vocabulary& vocabulary) {
  if (!vocab.value().is_object()) vocab.Refuse("an object of tokens and ids");
  for (const auto& [token, id] : vocab.value().items()) {
    vocabulary.Set(token, JsonNode(id, vocab.path() + "." + token).TokenId());
  }
}

void ReadWordPiece(const JsonNode& model, TokenizerParts& parts) {
  WordPieceOptions options;
  options.unknown_token = model.TextOr("unk_token", options.unknown_token);
  options.continuing_prefix = model.TextOr("continuing_subword_prefix", options.continuing_prefix);
  if (model.Has("max_input_chars_per_word")) {
    const JsonNode most = model.At("max_input_chars_per_word");
    if (!most.value().is_number_unsigned()) most.Refuse("a whole number from 0");
    options.max_chars_per_word = most.value().get<size_t>();
  }
  parts.wordpiece = options;
  if (parts.byte_level) throw JsonNode::Bad("pre_tokenizer: ByteLevel needs the model BPE");
}

// "a b" or ["a", "b"].
Bpe::Merge ReadMerge(const JsonNode& merge) {
  if (merge.value().is_array()) {
    const std::vector<JsonNode> items = merge.Items();
    if (items.size() != 2) merge.Refuse("two tokens");
    return {items[0].Text(), items[1].Text()};
  }
  const std::string text = merge.Text();
  const size_t blank = text.find(' ');
  if (blank == text.npos || text.find(' ', blank + 1) != text.npos) {
    merge.Refuse("two tokens with one blank between");
  }
  return {text.substr(0, blank), text.substr(blank + 1)};
}

void ReadBpe(const JsonNode& model, TokenizerParts& parts) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.TextOr(key, "").empty()) model.At(key).Refuse("\"\", null");
  }
  if (model.Has("dropout") && model.At("dropout").value() != 0) model.At("dropout").Refuse("null");
  parts.bpe.unknown_token = model.TextOr("unk_token", "");
  parts.bpe.fuse_unknown = model.FlagOr("fuse_unk", false);
  parts.bpe.ignore_merges = model.FlagOr("ignore_merges", false);
  if (model.FlagOr("byte_fallback", false)) {
    for (int byte = 0; byte < 256; ++byte) {  // it never comes to that where all bytes are tokens
      if (parts.vocabulary.Find(TokenOfBytes(std::string(1, char(byte)))) == Vocabulary::kNone) {
        model.At("byte_fallback").Refuse("false, where the vocabulary lacks bytes");
      }
    }
  }
  for (const JsonNode& merge : model.At("merges").Items()) {
    if (merge.value().is_string() && merge.Text().starts_with("#version")) continue;
    parts.bpe_merges.push_back(ReadMerge(merge));
  }
  if (!parts.byte_level) throw JsonNode::Bad("pre_tokenizer: the model BPE needs ByteLevel");
}

void ReadModel(const JsonNode& model, TokenizerParts& parts) {
  if (!model.value().is_object()) model.Refuse("an object");
  std::string type = model.Type();
  if (type == "(none)") type = model.Has("merges") ? "BPE" : "WordPiece";  // older files
  if (type != "WordPiece" && type != "BPE") model.At("type").Refuse("WordPiece, BPE");
  ReadVocab(model.At("vocab"), parts.vocabulary);
  type == "BPE" ? ReadBpe(model, parts) : ReadWordPiece(model, parts);
}

// The reference gives a token its id from the vocabulary, else the next free one, whatever the
// file says; where that differs the file is damaged or meant for something else.
void ReadAddedTokens(const JsonNode& list, TokenizerParts& parts) {
  std::map<std::string, size_t> seen;
  uint32_t next = uint32_t(parts.vocabulary.size());
  for (const JsonNode& node : list.Items()) {
    AddedToken token{node.At("content").Text(), node.At("id").TokenId()};
    if (token.content.empty()) continue;
    token.single_word = node.FlagOr("single_word", false);
    token.lstrip = node.FlagOr("lstrip", false);
    token.rstrip = node.FlagOr("rstrip", false);
    token.normalized = node.FlagOr("normalized", true);
    token.special = node.FlagOr("special", false);
    const auto known = seen.find(token.content);
    uint32_t id = parts.vocabulary.Find(token.content);
    if (known != seen.end()) id = parts.added_tokens[known->second].id;
    if (id == Vocabulary::kNone) id = next++;
    if (id != token.id) {
      node.At("id").Refuse(std::to_string(id) + ", which '" + token.content +
                           "' has in the vocabulary or as the next free id");
    }
    if (known != seen.end()) {
      parts.added_tokens[known->second] = std::move(token);  // the later one counts
    } else {
      seen.emplace(token.content, parts.added_tokens.size());
      parts.added_tokens.push_back(std::move(token));
    }
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

void Read(const JsonNode& file, TokenizerParts& parts) {
  if (!file.value().is_object()) file.Refuse("an object");
  if (file.Has("version") && file.At("version").Text() != "1.0") {
    file.At("version").Refuse("\"1.0\"");
  }
  if (file.Has("normalizer")) ReadNormalizer(file.At("normalizer"), parts.normalizer);
  if (file.Has("pre_tokenizer")) ReadPreTokenizer(file.At("pre_tokenizer"), parts);
  ReadModel(file.At("model"), parts);
  if (file.Has("added_tokens")) ReadAddedTokens(file.At("added_tokens"), parts);
  FindPad(parts);
  if (file.Has("post_processor")) ReadPostProcessor(file.At("post_processor"), parts);
}

}  // namespace

absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text) {
  absl::StatusOr<json> file = ParseJson(text);
  if (!file.ok()) return file.status();
  TokenizerParts parts;
  try {
    Read(JsonNode(*file, ""), parts);
  } catch (const JsonNode::Bad& bad) {
    return absl::InvalidArgumentError(bad.what());
  }
  return parts;
}

}  // namespace xp::trainer
