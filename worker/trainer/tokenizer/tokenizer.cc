#include "worker/trainer/tokenizer/tokenizer.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "worker/trainer/tokenizer/byte_level.h"

namespace xp::trainer {
namespace {

enum class Ascii : uint8_t { kWord, kSpace, kPunctuation, kDropped };

const std::array<Ascii, 128>& AsciiTable() {
  static const std::array<Ascii, 128> table = [] {
    std::array<Ascii, 128> all{};
    for (char32_t c = 0; c < 128; ++c) {
      all[c] = c == 0 || IsBertControl(c) ? Ascii::kDropped
               : IsWhitespace(c)          ? Ascii::kSpace
               : IsBertPunctuation(c)     ? Ascii::kPunctuation
                                          : Ascii::kWord;
    }
    return all;
  }();
  return table;
}

// Where the first byte that is not ASCII lies, from `at` on; text.size() when there is none.
size_t FindNonAscii(std::string_view text, size_t at) {
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    if ((eight & 0x8080808080808080ull) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

// What clean_text makes a blank; it drops U+000B and U+000C as controls.
bool IsCleanBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsUsualBert(const TokenizerParts& parts) {
  return parts.wordpiece && parts.normalizer.size() == 1 &&
         parts.normalizer[0].kind == NormalizerStep::Kind::kBert &&
         parts.normalizer[0].bert.clean_text && parts.splitters.size() == 1 &&
         parts.splitters[0] == Splitter::kBert;
}

absl::Status CheckParts(const TokenizerParts& parts) {
  if (parts.wordpiece.has_value() == parts.byte_level.has_value()) {
    return absl::InvalidArgumentError("BPE needs the byte-level words, WordPiece cannot take them");
  }
  for (const std::vector<uint32_t>* ids : {&parts.prefix_ids, &parts.suffix_ids}) {
    for (const uint32_t id : *ids) {
      if (id == Vocabulary::kNone) {
        return absl::InvalidArgumentError("a special token is missing from the vocabulary");
      }
    }
  }
  return CheckForms(parts.normalizer);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> Tokenizer::Create(TokenizerParts parts) {
  if (absl::Status status = CheckParts(parts); !status.ok()) return status;
  std::shared_ptr<Tokenizer> made(new Tokenizer(std::move(parts)));
  TokenizerParts& own = made->parts_;
  if (own.wordpiece) {
    if (own.vocabulary.Find(own.wordpiece->unknown_token) == Vocabulary::kNone) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the vocabulary lacks the unknown token '%s'", own.wordpiece->unknown_token));
    }
    made->wordpiece_ = std::make_unique<WordPiece>(&own.vocabulary, *own.wordpiece);
  } else {
    absl::StatusOr<Bpe> bpe = Bpe::Create(&own.vocabulary, own.bpe_merges, own.bpe);
    if (!bpe.ok()) return bpe.status();
    made->bpe_ = std::make_unique<Bpe>(*std::move(bpe));
  }
  made->id_limit_ = own.vocabulary.max_id() + 1;
  std::vector<AddedToken> raw, normalized;
  for (AddedToken token : own.added_tokens) {
    made->id_limit_ = std::max(made->id_limit_, token.id + 1);
    if (!token.normalized) {
      raw.push_back(std::move(token));
      continue;
    }
    std::string content;
    Normalize(token.content, own.normalizer, content);
    token.content = std::move(content);
    normalized.push_back(std::move(token));
  }
  made->raw_added_ = AddedTokens(std::move(raw));
  made->normalized_added_ = AddedTokens(std::move(normalized));
  return made;
}

Encoder::Encoder(std::shared_ptr<const Tokenizer> tokenizer)
    : tokenizer_(std::move(tokenizer)),
      ascii_bert_(IsUsualBert(tokenizer_->parts_) && tokenizer_->normalized_added_.empty()),
      lowercase_(ascii_bert_ && tokenizer_->parts_.normalizer[0].bert.lowercase) {}

EncodeResult Encoder::Encode(std::string_view text, const EncodeOptions& options,
                             std::vector<uint32_t>& ids) {
  EncodeResult result;
  if (!IsValidUtf8(text)) {
    valid_ = ReplaceInvalidUtf8(text);
    text = valid_;
    result.replaced_invalid_utf8 = true;
  }
  const TokenizerParts& parts = tokenizer_->parts_;
  ids.insert(ids.end(), parts.prefix_ids.begin(), parts.prefix_ids.end());
  const size_t content = ids.size();
  if (tokenizer_->raw_added_.empty()) {
    EncodePiece(text, ids);
  } else {
    pieces_.clear();
    tokenizer_->raw_added_.Split(text, pieces_);
    for (const AddedTokens::Piece& piece : pieces_) {
      if (piece.is_token) {
        ids.push_back(piece.id);
      } else {
        EncodePiece(piece.text, ids);
      }
    }
  }
  const size_t special = parts.prefix_ids.size() + parts.suffix_ids.size();
  if (options.max_length > 0) {
    const size_t room = options.max_length > special ? options.max_length - special : 0;
    if (ids.size() - content > room) {
      ids.resize(content + room);
      result.truncated = true;
    }
  }
  ids.insert(ids.end(), parts.suffix_ids.begin(), parts.suffix_ids.end());
  return result;
}

// One piece between raw added tokens: normalise, then look for the normalised added tokens.
void Encoder::EncodePiece(std::string_view text, std::vector<uint32_t>& ids) {
  if (ascii_bert_) return EncodeBert(text, ids);
  if (!tokenizer_->parts_.normalizer.empty()) {
    Normalize(text, tokenizer_->parts_.normalizer, normalized_);
    text = normalized_;
  }
  if (tokenizer_->normalized_added_.empty()) return EncodeNormalized(text, ids);
  inner_pieces_.clear();
  tokenizer_->normalized_added_.Split(text, inner_pieces_);
  for (const AddedTokens::Piece& piece : inner_pieces_) {
    if (piece.is_token) {
      ids.push_back(piece.id);
    } else {
      EncodeNormalized(piece.text, ids);
    }
  }
}

void Encoder::EncodeNormalized(std::string_view text, std::vector<uint32_t>& ids) {
  const TokenizerParts& parts = tokenizer_->parts_;
  if (parts.splitters.empty() && parts.byte_level) return EncodeByteLevel(text, ids);
  words_.clear();
  SplitWords(text, parts.splitters, words_);
  for (const std::string_view word : words_) {
    if (parts.byte_level) {
      EncodeByteLevel(word, ids);
    } else {
      EncodeWord(word, ids);
    }
  }
}

// A blank separates all that the normaliser and the splitter do, so only the stretches between
// blanks that are not ASCII go the long way.
void Encoder::EncodeBert(std::string_view text, std::vector<uint32_t>& ids) {
  for (size_t at = 0; at < text.size();) {
    const size_t odd = FindNonAscii(text, at);
    if (odd == text.size()) return EncodeAsciiBert(text.substr(at), ids);
    size_t begin = odd, end = odd;
    while (begin > at && !IsCleanBlank(text[begin - 1])) --begin;
    while (end < text.size() && !IsCleanBlank(text[end])) ++end;
    EncodeAsciiBert(text.substr(at, begin - at), ids);
    Normalize(text.substr(begin, end - begin), tokenizer_->parts_.normalizer, normalized_);
    ForEachBertWord(normalized_, [&](std::string_view word) { EncodeWord(word, ids); });
    at = end;
  }
}

// Normaliser and word splitter in one pass: in ASCII there is nothing to decompose.
void Encoder::EncodeAsciiBert(std::string_view text, std::vector<uint32_t>& ids) {
  const std::array<Ascii, 128>& table = AsciiTable();
  if (normalized_.size() < text.size()) normalized_.resize(text.size());
  char* const word = normalized_.data();
  size_t size = 0;
  const auto end_word = [&] {
    if (size > 0) EncodeWord({word, size}, ids);
    size = 0;
  };
  for (const char c : text) {
    switch (table[uint8_t(c)]) {
      case Ascii::kWord:
        word[size++] = lowercase_ && c >= 'A' && c <= 'Z' ? char(c + 32) : c;
        break;
      case Ascii::kSpace:
        end_word();
        break;
      case Ascii::kPunctuation:
        end_word();
        EncodeWord({&c, 1}, ids);
        break;
      case Ascii::kDropped:
        break;
    }
  }
  end_word();
}

void Encoder::EncodeByteLevel(std::string_view text, std::vector<uint32_t>& ids) {
  const ByteLevelOptions& options = *tokenizer_->parts_.byte_level;
  if (text.empty()) return;
  if (options.add_prefix_space && text[0] != ' ') {
    prefixed_.assign(1, ' ');
    prefixed_.append(text);
    text = prefixed_;
  }
  if (!options.use_regex) return EncodeWord(text, ids);
  for (size_t at = 0; at < text.size();) {
    const size_t end = NextByteLevelWord(text, at);
    EncodeWord(text.substr(at, end - at), ids);
    at = end;
  }
}

void Encoder::EncodeWord(std::string_view word, std::vector<uint32_t>& ids) {
  const uint64_t hash = WordCache::Hash(word);
  if (cache_.Find(word, hash, ids)) return;
  const size_t first = ids.size();
  if (tokenizer_->wordpiece_) {
    tokenizer_->wordpiece_->Encode(word, ids);
  } else {
    tokenizer_->bpe_->Encode(word, ids);
  }
  cache_.Insert(word, hash, ids.data() + first, ids.size() - first);
}

}  // namespace xp::trainer
