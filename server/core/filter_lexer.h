// Cuts the text of a filter (filter.h) into words, operators and parentheses.
// Pure functions; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/filter.h"

namespace xp::core {

struct FilterToken {
  enum class Kind { kWord, kOperator, kOpen, kClose, kEnd };
  Kind kind = Kind::kEnd;
  size_t place = 1;  // characters from 1
  std::string text;  // of a word without its quotes
  // Of a word: the parts between the dots that stand outside of quotes.
  std::vector<std::string> parts;
  bool quoted = false;  // it has quotes
  FilterOp op = FilterOp::kEqual;

  bool IsKeyword(std::string_view keyword) const;
};

// The tokens, the last of them kEnd. INVALID_ARGUMENT as Filter::Parse.
absl::StatusOr<std::vector<FilterToken>> CutFilter(std::string_view field, std::string_view text);

// "filter: at 7: MESSAGE".
absl::Status FilterError(std::string_view field, size_t place, std::string_view message);

}  // namespace xp::core
