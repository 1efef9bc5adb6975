#include "worker/capture/regex_syntax.h"

#include <algorithm>

#include "worker/capture/clean_text.h"

namespace xp::capture {
namespace {

constexpr size_t kWordsMax = 8;
constexpr size_t kWordMinLength = 2;

// One piece of a regex: an escape with its character, a whole character class, the opening of a
// group with its `?...`, or a single character.
enum class PieceKind { kCharacter, kEscape, kQuoted, kClass, kGroup };

struct Piece {
  PieceKind kind = PieceKind::kCharacter;
  size_t at = 0;
  std::string_view text;
};

size_t EndOfClass(std::string_view regex, size_t at) {
  ++at;
  if (at < regex.size() && regex[at] == '^') ++at;
  if (at < regex.size() && regex[at] == ']') ++at;  // a first ] stands for itself
  while (at < regex.size() && regex[at] != ']') {
    if (regex[at] == '\\') {
      at += 2;
    } else if (regex.substr(at, 2) == "[:") {
      const size_t end = regex.find(":]", at + 2);
      at = end == std::string_view::npos ? at + 1 : end + 2;
    } else {
      ++at;
    }
  }
  return std::min(at + 1, regex.size());
}

size_t EndOfGroupOpening(std::string_view regex, size_t at) {
  if (regex.substr(at, 2) != "(?") return at + 1;
  for (const std::string_view opening : {"(?<=", "(?<!", "(?=", "(?!", "(?:"}) {
    if (regex.substr(at, opening.size()) == opening) return at + opening.size();
  }
  const std::string_view rest = regex.substr(at, 4);
  const bool named = rest.substr(0, 3) == "(?<" || rest == "(?P<";
  const size_t end = regex.find_first_of(named ? ">" : ":)", at);
  return end == std::string_view::npos ? regex.size() : end + 1;
}

std::vector<Piece> SplitRegex(std::string_view regex) {
  std::vector<Piece> pieces;
  for (size_t at = 0; at < regex.size();) {
    Piece piece;
    piece.at = at;
    size_t end = at + 1;
    if (regex.substr(at, 2) == "\\Q") {
      piece.kind = PieceKind::kQuoted;
      end = regex.find("\\E", at + 2);
      end = end == std::string_view::npos ? regex.size() : end + 2;
    } else if (regex[at] == '\\') {
      piece.kind = PieceKind::kEscape;
      end = std::min(at + 2, regex.size());
    } else if (regex[at] == '[') {
      piece.kind = PieceKind::kClass;
      end = EndOfClass(regex, at);
    } else if (regex[at] == '(') {
      piece.kind = PieceKind::kGroup;
      end = EndOfGroupOpening(regex, at);
    }
    piece.text = regex.substr(at, end - at);
    pieces.push_back(piece);
    at = end;
  }
  return pieces;
}

// `\1` to `\9`, but not the octal `\12`.
bool IsBackReference(std::string_view regex, size_t at) {
  if (at + 1 >= regex.size() || regex[at + 1] < '1' || regex[at + 1] > '9') return false;
  const bool octal =
      regex[at + 1] <= '7' && at + 2 < regex.size() && '0' <= regex[at + 2] && regex[at + 2] <= '7';
  return !octal;
}

bool IsWordCharacter(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_';
}

void AddWord(std::string_view word, std::vector<std::string>* words) {
  if (word.size() < kWordMinLength) return;
  std::string lower = ToLowerAscii(word);
  if (std::find(words->begin(), words->end(), lower) == words->end()) {
    words->push_back(std::move(lower));
  }
}

void AddWordAndParts(const std::string& word, std::vector<std::string>* words) {
  AddWord(word, words);
  for (size_t at = 0; at < word.size();) {
    const size_t end = std::min(word.find('_', at), word.size());
    AddWord(std::string_view(word).substr(at, end - at), words);
    at = end + 1;
  }
}

}  // namespace

std::string RewriteNamedGroups(std::string_view regex) {
  std::string rewritten;
  for (const Piece& piece : SplitRegex(regex)) {
    const bool named = piece.kind == PieceKind::kGroup && piece.text.substr(0, 3) == "(?<" &&
                       piece.text.back() == '>';
    if (named) rewritten += "(?P";
    rewritten += named ? piece.text.substr(2) : piece.text;
  }
  return rewritten;
}

std::optional<RegexProblem> FindUnsupported(std::string_view regex) {
  for (const Piece& piece : SplitRegex(regex)) {
    std::string what;
    if (piece.text == "(?=" || piece.text == "(?!") {
      what =
          "look-ahead " + std::string(piece.text) +
          "...) is not possible in RE2 (linear time); write what follows the value as plain text "
          "after the group: only the group is taken";
    } else if (piece.text == "(?<=" || piece.text == "(?<!") {
      what =
          "look-behind " + std::string(piece.text) +
          "...) is not possible in RE2 (linear time); write what precedes the value as plain text "
          "before the group: only the group is taken";
    } else if (piece.kind == PieceKind::kEscape && IsBackReference(regex, piece.at)) {
      what = "back-reference " + std::string(piece.text) +
             " is not possible in RE2 (linear time); write the text out again";
    } else if (piece.text.substr(0, 4) == "(?P=") {
      what =
          "back-reference (?P=name) is not possible in RE2 (linear time); write the text out "
          "again";
    }
    if (!what.empty()) return RegexProblem{CharacterAt(regex, piece.at), what};
  }
  return std::nullopt;
}

size_t CharacterAt(std::string_view text, size_t at) {
  size_t character = 1;
  for (size_t i = 0; i < std::min(at, text.size()); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++character;
  }
  return character;
}

std::vector<std::string> LiteralWords(std::string_view regex) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    AddWordAndParts(word, &words);
    word.clear();
  };
  for (const Piece& piece : SplitRegex(regex)) {
    const char c = piece.text[0];
    if (piece.kind == PieceKind::kCharacter && IsWordCharacter(c)) {
      word += c;
    } else if (piece.kind == PieceKind::kCharacter && (c == '?' || c == '*' || c == '{')) {
      if (!word.empty()) word.pop_back();  // may be missing in a match
      finish();
    } else if (piece.kind == PieceKind::kQuoted) {
      for (const char quoted : piece.text.substr(2)) {
        if (IsWordCharacter(quoted)) {
          word += quoted;
        } else {
          finish();
        }
      }
      finish();
    } else {
      finish();
    }
  }
  finish();
  std::stable_sort(words.begin(), words.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  if (words.size() > kWordsMax) words.resize(kWordsMax);
  return words;
}

}  // namespace xp::capture
