// Tokens that are found in the text before any model sees it: special tokens such as [SEP] or
// <mask>, and those that a tokenizer.json adds. Immutable after Build; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

// As "added_tokens" in tokenizer.json.
struct AddedToken {
  std::string content;
  uint32_t id = 0;
  bool single_word = false;  // only between non-word characters
  bool lstrip = false;       // takes the whitespace before it
  bool rstrip = false;       // takes the whitespace after it
  bool normalized = false;   // matched in the normalised text instead of the raw one
  bool special = false;
};

class AddedTokens {
 public:
  struct Piece {
    std::string_view text;
    bool is_token = false;
    uint32_t id = 0;  // when is_token
  };

  AddedTokens() = default;
  // The contents must be what is searched for, so normalised already where that is asked for.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }
  const std::vector<AddedToken>& tokens() const { return tokens_; }

  // Appends the pieces of `text` in order: leftmost match first, the longest of those, as
  // tokenizers' AddedVocabulary. `text` must be valid UTF-8 and outlive the pieces.
  void Split(std::string_view text, std::vector<Piece>& pieces) const;

 private:
  const AddedToken* LongestAt(std::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;  // longest content first
  std::array<bool, 256> first_byte_{};
};

}  // namespace xp::trainer
