// A table and its four ways out: columns for people, JSON, CSV (RFC 4180, but lines end in LF) and
// Markdown. Values and pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/xpctl/terminal.h"

namespace xp::xpctl {

enum class Align { kLeft, kRight };

enum class Mark {
  kNone,
  kBest,  // `*` behind it, and green
  kGood,  // green, yellow, red, grey: colour alone, so never the only sign of anything
  kWarn,
  kBad,
  kFaint,
};

struct Cell {
  Cell() = default;
  Cell(std::string shown_text) : text(std::move(shown_text)) {}  // NOLINT: a cell is a text
  Cell(const char* shown_text) : text(shown_text) {}             // NOLINT
  Cell(std::string shown_text, Mark its_mark) : text(std::move(shown_text)), mark(its_mark) {}

  std::string text;
  Mark mark = Mark::kNone;
  std::optional<std::string> raw;  // for CSV where it is not `text`: a number with all its digits
};

struct Column {
  std::string name;
  Align align = Align::kLeft;
  // May be cut with "…" where the table is wider than the terminal; names and numbers never are.
  bool elastic = false;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each with a cell per column
};

// A table that is wider than the terminal, elastic columns cut, is broken into blocks below each
// other, each with the first column.
std::string RenderText(const Table& table, const Terminal& terminal);
std::string RenderMarkdown(const Table& table);
std::string RenderCsv(const Table& table);

// One field of CSV, quoted where it must be.
std::string CsvField(std::string_view text);

}  // namespace xp::xpctl
