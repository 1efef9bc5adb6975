#include "worker/trainer/tokenizer/load_tokenizer.h"

#include <absl/strings/str_format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/special_tokens.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Also where that cannot be found out: whoever then opens the file says why.
bool IsThere(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error) || error;
}

std::string_view TrimEnd(std::string_view line) {
  while (!line.empty()) {
    size_t at = line.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) --at;
    if (!IsWhitespace(DecodeValidUtf8(line, at).code_point)) break;
    line = line.substr(0, at);
  }
  return line;
}

// Calls on_line(line, number from 1) for each line, without its LF.
template <typename OnLine>
absl::Status ForEachLine(std::string_view text, OnLine on_line) {
  for (size_t at = 0, number = 1; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (absl::Status status = on_line(text.substr(at, end - at), number); !status.ok()) {
      return status;
    }
    at = end + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadUtf8(const fs::path& file) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return text;
  const size_t valid = ValidUtf8Prefix(*text);
  if (valid != text->size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: byte %d is not UTF-8", file.string(), valid));
  }
  return text;
}

void AddSpecial(TokenizerParts& parts, const SpecialTokens& tokens) {
  for (const SpecialToken& one : tokens) {
    const uint32_t id = parts.vocabulary.Find(one.token);
    if (id == Vocabulary::kNone) continue;
    parts.added_tokens.push_back({one.token, id, false, one.lstrip, false, false, true});
  }
}

absl::StatusOr<uint32_t> Required(const Vocabulary& vocabulary, const char* token,
                                  const fs::path& file) {
  const uint32_t id = vocabulary.Find(token);
  if (id != Vocabulary::kNone) return id;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: the special token '%s' is missing", file.string(), token));
}

// do_lower_case and its like, with BertTokenizer's defaults.
absl::StatusOr<BertNormalizerOptions> NormalizerFromConfig(const json& config,
                                                           const fs::path& file) {
  BertNormalizerOptions options;
  const auto read = [&](const char* key, bool& value) {
    const auto it = config.find(key);
    if (it == config.end() || it->is_null()) return true;
    if (it->is_boolean()) value = it->get<bool>();
    return it->is_boolean();
  };
  bool ok = read("do_lower_case", options.lowercase);
  options.strip_accents = options.lowercase;
  ok = read("strip_accents", options.strip_accents) &&
       read("tokenize_chinese_chars", options.handle_chinese_chars) && ok;
  if (ok) return options;
  return absl::InvalidArgumentError(file.string() +
                                    ": do_lower_case, strip_accents and tokenize_chinese_chars "
                                    "must be true, false or null");
}

absl::StatusOr<TokenizerParts> LoadWordPiece(const fs::path& dir, const json& config) {
  const fs::path file = dir / "vocab.txt";
  absl::StatusOr<std::string> text = ReadUtf8(file);
  if (!text.ok()) return text.status();
  TokenizerParts parts;
  parts.wordpiece.emplace();
  absl::Status status = ForEachLine(*text, [&](std::string_view line, size_t number) {
    parts.vocabulary.Set(TrimEnd(line), uint32_t(number - 1));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) {
    absl::StatusOr<uint32_t> id = Required(parts.vocabulary, token, file);
    if (!id.ok()) return id.status();
  }
  status = CheckSpecialTokens(dir, config, BertSpecialTokens(), parts.vocabulary);
  if (!status.ok()) return status;
  AddSpecial(parts, BertSpecialTokens());
  parts.prefix_ids = {parts.vocabulary.Find("[CLS]")};
  parts.suffix_ids = {parts.vocabulary.Find("[SEP]")};
  parts.pad_id = parts.vocabulary.Find("[PAD]");
  absl::StatusOr<BertNormalizerOptions> normalizer =
      NormalizerFromConfig(config, dir / "tokenizer_config.json");
  if (!normalizer.ok()) return normalizer.status();
  parts.normalizer.push_back({NormalizerStep::Kind::kBert, *normalizer});
  parts.splitters.push_back(Splitter::kBert);
  return parts;
}

absl::Status ReadVocabJson(const fs::path& file, Vocabulary& vocabulary) {
  absl::StatusOr<json> object = ReadJson(file);
  if (!object.ok()) return object.status();
  if (!object->is_object()) {
    return absl::InvalidArgumentError(file.string() + ": must be an object of token to id");
  }
  for (const auto& [token, id] : object->items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > kMaxTokenId) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: the id of '%s' is %s, not a number up to %d", file.string(), token,
                          id.dump(), kMaxTokenId));
    }
    vocabulary.Set(token, id.get<uint32_t>());
  }
  return absl::OkStatus();
}

absl::Status ReadMerges(const fs::path& file, const Vocabulary& vocabulary,
                        std::vector<Bpe::Merge>& merges) {
  absl::StatusOr<std::string> text = ReadUtf8(file);
  if (!text.ok()) return text.status();
  return ForEachLine(*text, [&](std::string_view line, size_t number) -> absl::Status {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("#version")) return absl::OkStatus();
    const size_t blank = line.find(' ');
    if (blank == line.npos || blank == 0 || blank + 1 == line.size() ||
        line.find(' ', blank + 1) != line.npos) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s:%d: '%s' is not two tokens with one blank between", file.string(), number, line));
    }
    const std::string left(line.substr(0, blank)), right(line.substr(blank + 1));
    for (const std::string& token : {left, right, left + right}) {
      if (vocabulary.Find(token) != Vocabulary::kNone) continue;
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s:%d: needs the token '%s', which vocab.json lacks", file.string(), number, token));
    }
    merges.emplace_back(left, right);
    return absl::OkStatus();
  });
}

absl::StatusOr<TokenizerParts> LoadByteLevel(const fs::path& dir, const json& config) {
  const fs::path file = dir / "vocab.json";
  TokenizerParts parts;
  if (absl::Status status = ReadVocabJson(file, parts.vocabulary); !status.ok()) return status;
  absl::Status status = ReadMerges(dir / "merges.txt", parts.vocabulary, parts.bpe_merges);
  if (!status.ok()) return status;
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"}) {
    absl::StatusOr<uint32_t> id = Required(parts.vocabulary, token, file);
    if (!id.ok()) return id.status();
  }
  status = CheckSpecialTokens(dir, config, RobertaSpecialTokens(), parts.vocabulary);
  if (!status.ok()) return status;
  AddSpecial(parts, RobertaSpecialTokens());
  parts.prefix_ids = {parts.vocabulary.Find("<s>")};
  parts.suffix_ids = {parts.vocabulary.Find("</s>")};
  parts.pad_id = parts.vocabulary.Find("<pad>");
  const auto prefix = config.find("add_prefix_space");
  parts.byte_level = {prefix != config.end() && prefix->is_boolean() && prefix->get<bool>()};
  return parts;
}

absl::StatusOr<TokenizerParts> LoadParts(const fs::path& dir) {
  if (IsThere(dir / "tokenizer.json")) {
    absl::StatusOr<std::string> text = ReadFile(dir / "tokenizer.json");
    if (!text.ok()) return text.status();
    absl::StatusOr<TokenizerParts> parts = ParseTokenizerJson(*text);
    if (parts.ok()) return parts;
    return absl::InvalidArgumentError((dir / "tokenizer.json").string() + ": " +
                                      std::string(parts.status().message()));
  }
  json config = json::object();
  if (IsThere(dir / "tokenizer_config.json")) {
    absl::StatusOr<json> read = ReadJson(dir / "tokenizer_config.json");
    if (!read.ok()) return read.status();
    if (read->is_object()) config = *std::move(read);
  }
  if (IsThere(dir / "vocab.txt")) return LoadWordPiece(dir, config);
  if (IsThere(dir / "vocab.json") && IsThere(dir / "merges.txt")) {
    return LoadByteLevel(dir, config);
  }
  return absl::NotFoundError(dir.string() +
                             ": no tokenizer here; expected tokenizer.json, vocab.txt, or "
                             "vocab.json with merges.txt");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> LoadTokenizer(const fs::path& dir) {
  absl::StatusOr<TokenizerParts> parts = LoadParts(dir);
  if (!parts.ok()) return parts.status();
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = Tokenizer::Create(*std::move(parts));
  if (tokenizer.ok()) return tokenizer;
  return absl::Status(tokenizer.status().code(), VocabularyFile(dir).string() + ": " +
                                                     std::string(tokenizer.status().message()));
}

fs::path VocabularyFile(const fs::path& dir) {
  for (const char* name : {"tokenizer.json", "vocab.txt"}) {
    if (IsThere(dir / name)) return dir / name;
  }
  return dir / "vocab.json";
}

std::vector<std::string> TokenizerFiles(const fs::path& dir) {
  std::vector<std::string> found;
  for (const char* name : kTokenizerFiles) {
    if (IsThere(dir / name)) found.emplace_back(name);
  }
  return found;
}

}  // namespace xp::trainer
