// The pre-tokenisers of tokenizer.json that cut a text into words and drop what is between. Pure
// functions, any thread.
#pragma once

#include <string_view>
#include <vector>

namespace xp::trainer {

enum class Splitter {
  kBert,             // at whitespace; each punctuation character alone
  kWhitespace,       // \w+|[^\w\s]+
  kWhitespaceSplit,  // at whitespace
};

// Appends the words of `text` (valid UTF-8), cut by all of `splitters`, one after the other; the
// whole text when there is none. Words are never empty and lie within `text`.
void SplitWords(std::string_view text, const std::vector<Splitter>& splitters,
                std::vector<std::string_view>& words);

}  // namespace xp::trainer
