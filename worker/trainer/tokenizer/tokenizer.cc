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

bool IsAscii(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    if ((eight & 0x8080808080808080ull) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  }
  return true;
}

absl::Status CheckSpecialIds(const TokenizerParts& parts) {
  for (const std::vector<uint32_t>* ids : {&parts.prefix_ids, &parts.suffix_ids}) {
    for (const uint32_t id : *ids) {
      if (id == Vocabulary::kNone) {
        return absl::InvalidArgumentError("a special token is missing from the vocabulary");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> Tokenizer::Create(TokenizerParts parts) {
  if (absl::Status status = CheckSpecialIds(parts); !status.ok()) return status;
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
    if (token.normalized && own.normalizer) {
      std::string content;
      BertNormalize(token.content, *own.normalizer, content);
      token.content = std::move(content);
      normalized.push_back(std::move(token));
    } else if (token.normalized) {
      normalized.push_back(std::move(token));
    } else {
      raw.push_back(std::move(token));
    }
  }
  made->raw_added_ = AddedTokens(std::move(raw));
  made->normalized_added_ = AddedTokens(std::move(normalized));
  return made;
}

Encoder::Encoder(std::shared_ptr<const Tokenizer> tokenizer)
    : tokenizer_(std::move(tokenizer)),
      ascii_bert_(tokenizer_->wordpiece_ != nullptr && tokenizer_->parts_.normalizer &&
                  tokenizer_->parts_.normalizer->clean_text &&
                  tokenizer_->normalized_added_.empty()) {}

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
  if (ascii_bert_ && IsAscii(text)) return EncodeAsciiBert(text, ids);
  if (tokenizer_->parts_.normalizer) {
    normalized_.clear();
    BertNormalize(text, *tokenizer_->parts_.normalizer, normalized_);
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
  if (tokenizer_->bpe_) return EncodeByteLevel(text, ids);
  ForEachBertWord(text, [&](std::string_view word) { EncodeWord(word, ids); });
}

// Normaliser and word splitter in one pass: in ASCII there is nothing to decompose.
void Encoder::EncodeAsciiBert(std::string_view text, std::vector<uint32_t>& ids) {
  const std::array<Ascii, 128>& table = AsciiTable();
  const bool lowercase = tokenizer_->parts_.normalizer->lowercase;
  normalized_.resize(text.size());
  char* const word = normalized_.data();
  size_t size = 0;
  const auto end_word = [&] {
    if (size > 0) EncodeWord({word, size}, ids);
    size = 0;
  };
  for (const char c : text) {
    switch (table[uint8_t(c)]) {
      case Ascii::kWord:
        word[size++] = lowercase && c >= 'A' && c <= 'Z' ? char(c + 32) : c;
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
  if (tokenizer_->parts_.add_prefix_space && !text.empty() && text[0] != ' ') {
    prefixed_.assign(1, ' ');
    prefixed_.append(text);
    text = prefixed_;
  }
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
