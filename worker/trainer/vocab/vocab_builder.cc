#include "worker/trainer/vocab/vocab_builder.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "worker/trainer/files.h"
#include "worker/trainer/tokenizer/bert_text.h"
#include "worker/trainer/tokenizer/byte_level.h"
#include "worker/trainer/tokenizer/utf8.h"
#include "worker/trainer/vocab/learn_merges.h"

namespace xp::trainer {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// The ids that BERT and RoBERTa give to their special tokens.
const std::vector<std::string> kBertSpecial = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
const std::vector<std::string> kRobertaSpecial = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};

// Characters that a WordPiece vocabulary begins with, the most frequent first; the rest are
// unknown. Hugging Face's trainer has the same bound.
constexpr size_t kMaxAlphabet = 1000;
constexpr size_t kMaxWordChars = 100;

std::vector<std::string> Chars(std::string_view word) {
  std::vector<std::string> chars;
  for (size_t at = 0; at < word.size();) {
    const size_t bytes = DecodeValidUtf8(word, at).bytes;
    chars.emplace_back(word.substr(at, bytes));
    at += bytes;
  }
  return chars;
}

// Texts of symbols to ids, in the order of first use.
class Symbols {
 public:
  uint32_t Id(const std::string& text) {
    const auto [it, is_new] = ids_.emplace(text, uint32_t(texts.size()));
    if (is_new) texts.push_back(text);
    return it->second;
  }
  std::vector<std::string> texts;

 private:
  std::map<std::string, uint32_t> ids_;
};

std::set<std::string> FrequentChars(const std::map<std::string, uint64_t>& words) {
  std::map<std::string, uint64_t> counts;
  for (const auto& [word, count] : words) {
    for (std::string& c : Chars(word)) counts[std::move(c)] += count;
  }
  std::vector<std::pair<uint64_t, std::string>> ranked;
  for (const auto& [text, count] : counts) ranked.emplace_back(count, text);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (ranked.size() > kMaxAlphabet) ranked.resize(kMaxAlphabet);
  std::set<std::string> kept;
  for (auto& [count, text] : ranked) kept.insert(std::move(text));
  return kept;
}

// In the order of the ids, which nlohmann's ordered object would take the square of the time for.
std::string VocabJson(const std::vector<std::string>& tokens) {
  std::string text = "{";
  for (size_t id = 0; id < tokens.size(); ++id) {
    text += (id == 0 ? "" : ", ") + Json(tokens[id]).dump() + ": " + std::to_string(id);
  }
  return text + "}\n";
}

absl::Status TooSmall(size_t asked, size_t needed) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "--size %d is too small: the special tokens and single characters alone are %d", asked,
      needed));
}

}  // namespace

std::vector<std::string> VocabFileNames(VocabKind kind) {
  if (kind == VocabKind::kWordPiece) return {"vocab.txt", "tokenizer_config.json"};
  return {"vocab.json", "merges.txt", "tokenizer_config.json"};
}

void VocabBuilder::Add(std::string_view text) {
  std::string valid;
  if (!IsValidUtf8(text)) text = valid = ReplaceInvalidUtf8(text);
  if (options_.kind == VocabKind::kByteLevel) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = NextByteLevelWord(text, at);
      ++words_[std::string(text.substr(at, end - at))];
      at = end;
    }
    return;
  }
  std::string normalized;
  BertNormalizerOptions normalizer;
  normalizer.lowercase = normalizer.strip_accents = options_.lowercase;
  BertNormalize(text, normalizer, normalized);
  ForEachBertWord(normalized, [&](std::string_view word) { ++words_[std::string(word)]; });
}

absl::StatusOr<size_t> VocabBuilder::Write(const fs::path& dir) const {
  if (words_.empty()) {
    return absl::FailedPreconditionError("there is no text to learn a vocabulary from");
  }
  return options_.kind == VocabKind::kWordPiece ? WriteWordPiece(dir) : WriteByteLevel(dir);
}

absl::StatusOr<size_t> VocabBuilder::WriteWordPiece(const fs::path& dir) const {
  const std::map<std::string, uint64_t> sorted(words_.begin(), words_.end());
  const std::set<std::string> alphabet = FrequentChars(sorted);
  Symbols symbols;
  for (const std::string& c : alphabet) symbols.Id(c);
  for (const std::string& c : alphabet) symbols.Id("##" + c);
  std::vector<CountedWord> words;
  for (const auto& [text, count] : sorted) {
    CountedWord word{{}, count};
    const std::vector<std::string> chars = Chars(text);
    if (chars.size() > kMaxWordChars) continue;
    for (size_t i = 0; i < chars.size(); ++i) {
      if (!alphabet.contains(chars[i])) {
        word.symbols.clear();
        break;
      }
      word.symbols.push_back(symbols.Id(i == 0 ? chars[i] : "##" + chars[i]));
    }
    if (!word.symbols.empty()) words.push_back(std::move(word));
  }
  const size_t least = kBertSpecial.size() + symbols.texts.size();
  if (options_.size < least) return TooSmall(options_.size, least);
  LearnOptions learn{options_.size - kBertSpecial.size(), options_.min_count,
                     [](const std::string& left, const std::string& right) {
                       return left + (right.starts_with("##") ? right.substr(2) : right);
                     }};
  LearnMerges(std::move(words), learn, symbols.texts);
  std::string file;
  for (const std::string& token : kBertSpecial) file += token + "\n";
  for (const std::string& token : symbols.texts) file += token + "\n";
  if (absl::Status status = WriteFile(dir / "vocab.txt", file); !status.ok()) return status;
  const Json config = {{"do_lower_case", options_.lowercase},
                       {"tokenizer_class", "BertTokenizer"},
                       {"unk_token", "[UNK]"},
                       {"sep_token", "[SEP]"},
                       {"pad_token", "[PAD]"},
                       {"cls_token", "[CLS]"},
                       {"mask_token", "[MASK]"}};
  absl::Status status = WriteFile(dir / "tokenizer_config.json", config.dump(2) + "\n");
  if (!status.ok()) return status;
  return kBertSpecial.size() + symbols.texts.size();
}

absl::StatusOr<size_t> VocabBuilder::WriteByteLevel(const fs::path& dir) const {
  Symbols symbols;
  std::vector<char32_t> order;
  for (int byte = 0; byte < 256; ++byte) order.push_back(ByteToChar(uint8_t(byte)));
  std::sort(order.begin(), order.end());
  for (const char32_t c : order) {
    std::string token;
    AppendUtf8(c, token);
    symbols.Id(token);
  }
  const size_t least = kRobertaSpecial.size() + symbols.texts.size();
  if (options_.size < least) return TooSmall(options_.size, least);
  const std::map<std::string, uint64_t> sorted(words_.begin(), words_.end());
  std::vector<CountedWord> words;
  for (const auto& [text, count] : sorted) {
    CountedWord word{{}, count};
    for (const std::string& c : Chars(TokenOfBytes(text))) word.symbols.push_back(symbols.Id(c));
    words.push_back(std::move(word));
  }
  LearnOptions learn{
      options_.size - kRobertaSpecial.size(), options_.min_count,
      [](const std::string& left, const std::string& right) { return left + right; }};
  const auto merges = LearnMerges(std::move(words), learn, symbols.texts);
  std::string lines = "#version: 0.2\n";
  for (const auto& [left, right] : merges) {
    lines += symbols.texts[left] + " " + symbols.texts[right] + "\n";
  }
  std::vector<std::string> tokens = kRobertaSpecial;
  tokens.insert(tokens.end(), symbols.texts.begin(), symbols.texts.end());
  // It takes the blank before it, as in the published models. transformers 5 asks to be told so.
  const Json mask = {{"__type", "AddedToken"}, {"content", "<mask>"}, {"lstrip", true},
                     {"normalized", false},    {"rstrip", false},     {"single_word", false},
                     {"special", true}};
  const Json config = {{"add_prefix_space", false}, {"tokenizer_class", "RobertaTokenizer"},
                       {"bos_token", "<s>"},        {"eos_token", "</s>"},
                       {"sep_token", "</s>"},       {"cls_token", "<s>"},
                       {"unk_token", "<unk>"},      {"pad_token", "<pad>"},
                       {"mask_token", mask}};
  for (const auto& [name, text] :
       {std::pair<const char*, std::string>{"vocab.json", VocabJson(tokens)},
        {"merges.txt", lines},
        {"tokenizer_config.json", config.dump(2) + "\n"}}) {
    if (absl::Status status = WriteFile(dir / name, text); !status.ok()) return status;
  }
  return tokens.size();
}

}  // namespace xp::trainer
