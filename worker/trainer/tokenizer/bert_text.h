// BERT's way from text to words: the BertNormalizer and BertPreTokenizer of Hugging Face
// tokenizers. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "worker/trainer/tokenizer/char_class.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {

// The names and defaults of tokenizer.json's BertNormalizer.
struct BertNormalizerOptions {
  bool clean_text = true;            // drop controls and U+FFFD, make whitespace a blank
  bool handle_chinese_chars = true;  // blanks around CJK ideographs
  bool strip_accents = true;         // NFD, then drop nonspacing marks; "null" means as lowercase
  bool lowercase = true;
};

// Appends the normalised text; `text` must be valid UTF-8.
void BertNormalize(std::string_view text, const BertNormalizerOptions& options, std::string& out);

// Calls on_word(std::string_view) for each word: split at whitespace, each punctuation character
// alone. `text` is normalised, valid UTF-8.
template <typename OnWord>
void ForEachBertWord(std::string_view text, OnWord on_word) {
  size_t word = 0;
  size_t at = 0;
  while (at < text.size()) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    const bool space = IsWhitespace(c.code_point);
    if (space || IsBertPunctuation(c.code_point)) {
      if (word < at) on_word(text.substr(word, at - word));
      if (!space) on_word(text.substr(at, c.bytes));
      word = at + c.bytes;
    }
    at += c.bytes;
  }
  if (word < at) on_word(text.substr(word, at - word));
}

}  // namespace xp::trainer
