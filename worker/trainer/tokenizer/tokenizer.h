// Text to ids, exactly as Hugging Face's Rust tokenizers: added tokens, normaliser, words, model,
// special tokens around them. A Tokenizer is immutable and shared by threads; each thread has its
// own Encoder (buffers and a cache of words).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/trainer/tokenizer/added_tokens.h"
#include "worker/trainer/tokenizer/bpe.h"
#include "worker/trainer/tokenizer/normalizer.h"
#include "worker/trainer/tokenizer/splitter.h"
#include "worker/trainer/tokenizer/vocabulary.h"
#include "worker/trainer/tokenizer/word_cache.h"
#include "worker/trainer/tokenizer/wordpiece.h"

namespace xp::trainer {

// How the byte-level pre-tokeniser cuts its pieces into words.
struct ByteLevelOptions {
  bool add_prefix_space = false;  // before each piece that does not begin with one
  bool use_regex = true;          // GPT-2's expression; else a piece is one word
};

struct TokenizerParts {
  Vocabulary vocabulary;
  std::vector<AddedToken> added_tokens;

  // One of the two models. bpe_merges and bpe count when wordpiece is not set.
  std::optional<WordPieceOptions> wordpiece;
  std::vector<Bpe::Merge> bpe_merges;
  BpeOptions bpe;

  std::vector<NormalizerStep> normalizer;
  std::vector<Splitter> splitters;             // before `byte_level`
  std::optional<ByteLevelOptions> byte_level;  // always with BPE, never with WordPiece

  std::vector<uint32_t> prefix_ids;  // special tokens before the text: [CLS] or <s>
  std::vector<uint32_t> suffix_ids;  // and after it: [SEP] or </s>
  uint32_t pad_id = 0;
};

class Tokenizer {
 public:
  // INVALID_ARGUMENT: the parts do not fit together; FAILED_PRECONDITION: as CheckForms.
  static absl::StatusOr<std::shared_ptr<const Tokenizer>> Create(TokenizerParts parts);

  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  const Vocabulary& vocabulary() const { return parts_.vocabulary; }
  // The lowest number above every id: what a model's vocab_size must be at least.
  uint32_t id_limit() const { return id_limit_; }
  uint32_t pad_id() const { return parts_.pad_id; }
  const TokenizerParts& parts() const { return parts_; }

 private:
  friend class Encoder;
  explicit Tokenizer(TokenizerParts parts) : parts_(std::move(parts)) {}

  TokenizerParts parts_;
  std::unique_ptr<WordPiece> wordpiece_;
  std::unique_ptr<Bpe> bpe_;
  AddedTokens raw_added_;
  AddedTokens normalized_added_;
  uint32_t id_limit_ = 0;
};

struct EncodeOptions {
  size_t max_length = 0;  // ids at most, special tokens included; 0: no limit
};

struct EncodeResult {
  bool truncated = false;
  bool replaced_invalid_utf8 = false;
};

class Encoder {
 public:
  explicit Encoder(std::shared_ptr<const Tokenizer> tokenizer);

  // Appends the ids of `text`, special tokens included. Bytes that are not UTF-8 become U+FFFD
  // first, as Python's errors="replace".
  EncodeResult Encode(std::string_view text, const EncodeOptions& options,
                      std::vector<uint32_t>& ids);

 private:
  void EncodePiece(std::string_view text, std::vector<uint32_t>& ids);
  void EncodeNormalized(std::string_view text, std::vector<uint32_t>& ids);
  void EncodeBert(std::string_view text, std::vector<uint32_t>& ids);
  void EncodeAsciiBert(std::string_view text, std::vector<uint32_t>& ids);
  void EncodeByteLevel(std::string_view text, std::vector<uint32_t>& ids);
  void EncodeWord(std::string_view word, std::vector<uint32_t>& ids);

  const std::shared_ptr<const Tokenizer> tokenizer_;
  const bool ascii_bert_;  // BERT's usual steps: ASCII has a fast way
  const bool lowercase_;   // with ascii_bert_
  WordCache cache_;
  std::string valid_, normalized_, prefixed_;
  std::vector<AddedTokens::Piece> pieces_, inner_pieces_;
  std::vector<std::string_view> words_;
};

}  // namespace xp::trainer
