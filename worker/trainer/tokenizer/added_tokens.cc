#include "worker/trainer/tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include "worker/trainer/tokenizer/char_class.h"
#include "worker/trainer/tokenizer/utf8.h"

namespace xp::trainer {
namespace {

// Where the character before `at` begins; at > 0.
size_t PreviousChar(std::string_view text, size_t at) {
  do {
    --at;
  } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

bool WordCharBefore(std::string_view text, size_t at) {
  return at > 0 && IsWordChar(DecodeValidUtf8(text, PreviousChar(text, at)).code_point);
}

bool WordCharAt(std::string_view text, size_t at) {
  return at < text.size() && IsWordChar(DecodeValidUtf8(text, at).code_point);
}

size_t SkipSpacesBack(std::string_view text, size_t at, size_t floor) {
  while (at > floor) {
    const size_t previous = PreviousChar(text, at);
    if (!IsWhitespace(DecodeValidUtf8(text, previous).code_point)) break;
    at = previous;
  }
  return std::max(at, floor);
}

size_t SkipSpaces(std::string_view text, size_t at) {
  while (at < text.size()) {
    const DecodedChar c = DecodeValidUtf8(text, at);
    if (!IsWhitespace(c.code_point)) break;
    at += c.bytes;
  }
  return at;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.content.empty(); });
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) {
    return a.content.size() > b.content.size();
  });
  for (const AddedToken& token : tokens_) first_byte_[uint8_t(token.content[0])] = true;
}

const AddedToken* AddedTokens::LongestAt(std::string_view text, size_t at) const {
  for (const AddedToken& token : tokens_) {
    if (text.substr(at, token.content.size()) == token.content) return &token;
  }
  return nullptr;
}

void AddedTokens::Split(std::string_view text, std::vector<Piece>& pieces) const {
  size_t done = 0;  // everything before is in `pieces`
  size_t at = 0;
  while (at < text.size()) {
    if (!first_byte_[uint8_t(text[at])]) {
      ++at;
      continue;
    }
    const AddedToken* token = LongestAt(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at;
    size_t end = at + token->content.size();
    at = end;  // a refused match is not looked into again, as with Aho-Corasick's find_iter
    if (token->single_word && (WordCharBefore(text, begin) || WordCharAt(text, end))) continue;
    if (token->lstrip) begin = SkipSpacesBack(text, begin, done);
    if (token->rstrip) end = SkipSpaces(text, end);
    if (done < begin) pieces.push_back({text.substr(done, begin - done)});
    pieces.push_back({text.substr(begin, end - begin), true, token->id});
    done = end;
  }
  if (done < text.size()) pieces.push_back({text.substr(done)});
}

}  // namespace xp::trainer
