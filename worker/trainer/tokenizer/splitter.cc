#include "worker/trainer/tokenizer/splitter.h"

#include <utility>

#include "worker/trainer/tokenizer/bert_text.h"
#include "worker/trainer/tokenizer/char_class.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

enum class Kind { kSpace, kWord, kOther };

// Runs of one kind, without the whitespace.
void SplitRuns(std::string_view text, Splitter splitter, std::vector<std::string_view>& words) {
  size_t run = 0;
  Kind last = Kind::kSpace;
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    Kind kind = Kind::kSpace;
    if (!IsWhitespace(c.code_point)) {
      kind = splitter == Splitter::kWhitespaceSplit || IsWordChar(c.code_point) ? Kind::kWord
                                                                                : Kind::kOther;
    }
    if (kind != last) {
      if (last != Kind::kSpace) words.push_back(text.substr(run, at - run));
      run = at;
      last = kind;
    }
    at += c.bytes;
  }
  if (last != Kind::kSpace) words.push_back(text.substr(run));
}

}  // namespace

void SplitWords(std::string_view text, const std::vector<Splitter>& splitters,
                std::vector<std::string_view>& words) {
  std::vector<std::string_view> pieces;
  if (!text.empty()) pieces.push_back(text);
  for (const Splitter splitter : splitters) {
    std::vector<std::string_view> next;
    for (const std::string_view piece : pieces) {
      if (splitter == Splitter::kBert) {
        ForEachBertWord(piece, [&next](std::string_view word) { next.push_back(word); });
      } else {
        SplitRuns(piece, splitter, next);
      }
    }
    pieces = std::move(next);
  }
  words.insert(words.end(), pieces.begin(), pieces.end());
}

}  // namespace xp::trainer
