#include "worker/capture/flat_object.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "worker/capture/clean_text.h"

namespace xp::capture {
namespace {

int HexValue(char c) {
  if ('0' <= c && c <= '9') return c - '0';
  if ('a' <= c && c <= 'f') return c - 'a' + 10;
  if ('A' <= c && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `digits` hexadecimal digits at `at`, -1 if there are not as many.
int32_t ReadHex(std::string_view text, size_t at, size_t digits) {
  if (at + digits > text.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (HexValue(text[i]) < 0) return -1;
    value = value * 16 + HexValue(text[i]);
  }
  return value;
}

void AppendUtf8(int32_t code, std::string* text) {
  if (code < 0x80) {
    *text += static_cast<char>(code);
  } else if (code < 0x800) {
    *text += static_cast<char>(0xC0 | (code >> 6));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *text += static_cast<char>(0xE0 | (code >> 12));
    *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *text += static_cast<char>(0xF0 | (code >> 18));
    *text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// The text of a quoted key. Unknown escapes keep their character, half surrogates become U+FFFD.
std::string Unescape(std::string_view raw) {
  std::string text;
  for (size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '\\' || at + 1 == raw.size()) {
      text += raw[at];
      continue;
    }
    const char escape = raw[++at];
    const size_t digits = escape == 'u' ? 4 : escape == 'x' ? 2 : 0;
    int32_t code = digits > 0 ? ReadHex(raw, at + 1, digits) : -1;
    if (code < 0) {
      constexpr std::string_view kNames = "bfnrt";
      constexpr std::string_view kCharacters = "\b\f\n\r\t";
      const size_t named = kNames.find(escape);
      text += named == std::string_view::npos ? escape : kCharacters[named];
      continue;
    }
    at += digits;
    if (0xD800 <= code && code < 0xDC00 && raw.substr(at + 1, 2) == "\\u") {
      const int32_t low = ReadHex(raw, at + 3, 4);
      if (0xDC00 <= low && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    AppendUtf8(0xD800 <= code && code < 0xE000 ? 0xFFFD : code, &text);
  }
  return text;
}

class Reader {
 public:
  Reader(std::string_view text, size_t at) : text_(text), at_(at) {}

  bool done() const { return at_ >= text_.size(); }
  size_t at() const { return at_; }
  char next() const { return text_[at_]; }
  void Step() { ++at_; }

  void SkipBlanks() {
    while (!done() && (next() == ' ' || next() == '\t')) ++at_;
  }

  // The inside of the quoted text that begins here, standing after it then; false: it has no end.
  bool ReadQuoted(std::string_view* inside) {
    const char quote = next();
    const size_t first = ++at_;
    for (; !done(); ++at_) {
      if (next() == '\\') {
        ++at_;
      } else if (next() == quote) {
        *inside = text_.substr(first, at_++ - first);
        return true;
      }
    }
    at_ = text_.size();
    return false;
  }

  // All up to the comma or closing brace of the object itself; false: there is none.
  bool ReadBare(std::string_view* value) {
    const size_t first = at_;
    size_t depth = 0;
    while (!done()) {
      const char c = next();
      if (depth == 0 && (c == ',' || c == '}')) {
        *value = TrimBlanks(text_.substr(first, at_ - first));
        return true;
      }
      if (c == '\'' || c == '"') {
        std::string_view inside;
        if (!ReadQuoted(&inside)) return false;
        continue;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
      ++at_;
    }
    return false;
  }

 private:
  const std::string_view text_;
  size_t at_;
};

bool IsQuote(char c) { return c == '\'' || c == '"'; }

EntryKind KindOf(std::string_view bare) {
  if (bare.empty()) return EntryKind::kBare;
  if (bare[0] == '[' || bare[0] == '{' || bare[0] == '(') return EntryKind::kNested;
  for (const std::string_view word : {"None", "True", "False", "null", "true", "false"}) {
    if (bare == word) return EntryKind::kWord;
  }
  return EntryKind::kBare;
}

// Reads `key: value` up to the comma or brace behind it.
FlatState ReadEntry(std::string_view text, Reader* reader, FlatEntry* entry) {
  std::string_view key;
  const size_t first = reader->at();
  if (!IsQuote(reader->next())) return FlatState::kOther;
  if (!reader->ReadQuoted(&key)) return FlatState::kUnfinished;
  reader->SkipBlanks();
  if (reader->done()) return FlatState::kUnfinished;
  if (reader->next() != ':') return FlatState::kOther;
  reader->Step();
  reader->SkipBlanks();
  if (reader->done()) return FlatState::kUnfinished;
  if (IsQuote(reader->next())) {
    entry->kind = EntryKind::kText;
    if (!reader->ReadQuoted(&entry->value)) return FlatState::kUnfinished;
  } else {
    if (!reader->ReadBare(&entry->value)) return FlatState::kUnfinished;
    entry->kind = KindOf(entry->value);
  }
  entry->source = text.substr(first, reader->at() - first);
  reader->SkipBlanks();
  if (reader->done()) return FlatState::kUnfinished;
  if (reader->next() != ',' && reader->next() != '}') return FlatState::kOther;
  entry->key = Unescape(key);
  return FlatState::kObject;
}

}  // namespace

FlatObject ReadFlatObject(std::string_view text, size_t at) {
  FlatObject object;
  Reader reader(text, at);
  const auto ended = [&](FlatState state) {
    object.state = state;
    object.end = std::min(reader.at(), text.size());
    return std::move(object);
  };
  if (reader.done() || reader.next() != '{') return ended(FlatState::kOther);
  reader.Step();
  reader.SkipBlanks();
  if (reader.done()) return ended(FlatState::kUnfinished);
  if (reader.next() == '}') {
    reader.Step();
    return ended(FlatState::kObject);
  }
  while (true) {
    FlatEntry entry;
    const FlatState state = ReadEntry(text, &reader, &entry);
    if (state != FlatState::kObject) return ended(state);
    object.entries.push_back(std::move(entry));
    const bool last = reader.next() == '}';
    reader.Step();
    if (last) return ended(FlatState::kObject);
    reader.SkipBlanks();
    if (reader.done()) return ended(FlatState::kUnfinished);
  }
}

}  // namespace xp::capture
