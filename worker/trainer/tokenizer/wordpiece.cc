#include "worker/trainer/tokenizer/wordpiece.h"

#include <algorithm>
#include <utility>

namespace xp::trainer {
namespace {

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

WordPiece::WordPiece(const Vocabulary* vocabulary, WordPieceOptions options)
    : vocabulary_(vocabulary),
      options_(std::move(options)),
      unknown_(vocabulary->Find(options_.unknown_token)) {
  for (uint32_t id = 0; id <= vocabulary_->max_id(); ++id) {
    std::string_view token = vocabulary_->Token(id);
    if (vocabulary_->Find(token) != id || !token.starts_with(options_.continuing_prefix)) continue;
    token.remove_prefix(options_.continuing_prefix.size());
    if (!token.empty()) continuing_.Set(token, id);
  }
}

void WordPiece::Encode(std::string_view word, std::vector<uint32_t>& ids) const {
  const size_t chars = word.size() - std::count_if(word.begin(), word.end(), IsContinuationByte);
  const size_t first = ids.size();
  if (chars > options_.max_chars_per_word) {
    ids.push_back(unknown_);
    return;
  }
  for (size_t begin = 0; begin < word.size();) {
    const Vocabulary& pieces = begin == 0 ? *vocabulary_ : continuing_;
    size_t end = word.size();
    uint32_t id = Vocabulary::kNone;
    while (end > begin) {
      id = pieces.Find(word.substr(begin, end - begin));
      if (id != Vocabulary::kNone) break;
      do {
        --end;
      } while (end > begin && IsContinuationByte(word[end]));
    }
    if (id == Vocabulary::kNone) {
      ids.resize(first);
      ids.push_back(unknown_);
      return;
    }
    ids.push_back(id);
    begin = end;
  }
}

}  // namespace xp::trainer
