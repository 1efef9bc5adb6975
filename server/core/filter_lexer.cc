#include "server/core/filter_lexer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "server/core/text.h"

namespace xp::core {
namespace {

using Kind = FilterToken::Kind;

constexpr std::pair<std::string_view, FilterOp> kOperators[] = {
    // The longer first.
    {"!=", FilterOp::kNotEqual}, {"<=", FilterOp::kLessOrEqual}, {">=", FilterOp::kGreaterOrEqual},
    {"==", FilterOp::kEqual},    {"=", FilterOp::kEqual},        {"<", FilterOp::kLess},
    {">", FilterOp::kGreater},   {":", FilterOp::kHas},
};

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsQuote(char c) { return c == '"' || c == '\''; }
bool EndsWord(char c) {
  return IsSpace(c) || std::string_view("()=!<>:,").find(c) != std::string_view::npos;
}

class Cutter {
 public:
  Cutter(std::string_view field, std::string_view text) : field_(field), text_(text) {}

  absl::StatusOr<std::vector<FilterToken>> Run() {
    std::vector<FilterToken> tokens;
    while (true) {
      while (!text_.empty() && IsSpace(text_[0])) Skip(1);
      FilterToken token;
      token.place = place_;
      if (!text_.empty()) {
        if (absl::Status read = Read(token); !read.ok()) return read;
      }
      tokens.push_back(std::move(token));
      if (tokens.back().kind == Kind::kEnd) return tokens;
    }
  }

 private:
  absl::Status Read(FilterToken& token) {
    if (text_[0] == '(' || text_[0] == ')') {
      token.kind = text_[0] == '(' ? Kind::kOpen : Kind::kClose;
      token.text = text_.substr(0, 1);
      Skip(1);
      return absl::OkStatus();
    }
    for (const auto& [text, op] : kOperators) {
      if (text_.substr(0, text.size()) != text) continue;
      token.kind = Kind::kOperator;
      token.op = op;
      token.text = text;
      Skip(text.size());
      return absl::OkStatus();
    }
    if (EndsWord(text_[0])) {
      return FilterError(field_, place_,
                         absl::StrCat("'", ToAbsl(text_.substr(0, 1)),
                                      "' has no meaning here; operators are = != < <= > >= :"));
    }
    return ReadWord(token);
  }

  absl::Status ReadWord(FilterToken& token) {
    token.kind = Kind::kWord;
    token.parts.emplace_back();
    while (!text_.empty() && !EndsWord(text_[0])) {
      if (IsQuote(text_[0])) {
        token.quoted = true;
        if (absl::Status read = ReadQuoted(token); !read.ok()) return read;
        continue;
      }
      token.text += text_[0];
      if (text_[0] == '.') {
        token.parts.emplace_back();
      } else {
        token.parts.back() += text_[0];
      }
      Skip(1);
    }
    return absl::OkStatus();
  }

  // A backslash takes the next character as it is.
  absl::Status ReadQuoted(FilterToken& token) {
    const char quote = text_[0];
    const size_t opened = place_;
    Skip(1);
    while (!text_.empty() && text_[0] != quote) {
      if (text_[0] == '\\' && text_.size() > 1) Skip(1);
      token.text += text_[0];
      token.parts.back() += text_[0];
      Skip(1);
    }
    if (text_.empty()) return FilterError(field_, opened, "this quote is never closed");
    Skip(1);
    return absl::OkStatus();
  }

  void Skip(size_t bytes) {
    for (const char c : text_.substr(0, bytes)) {
      if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++place_;  // UTF-8: once a character
    }
    text_.remove_prefix(bytes);
  }

  const std::string_view field_;
  std::string_view text_;
  size_t place_ = 1;
};

}  // namespace

bool FilterToken::IsKeyword(std::string_view keyword) const {
  return kind == Kind::kWord && !quoted && absl::EqualsIgnoreCase(text, ToAbsl(keyword));
}

absl::StatusOr<std::vector<FilterToken>> CutFilter(std::string_view field, std::string_view text) {
  return Cutter(field, text).Run();
}

absl::Status FilterError(std::string_view field, size_t place, std::string_view message) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(field), ": at ", place, ": ", ToAbsl(message)));
}

}  // namespace xp::core
