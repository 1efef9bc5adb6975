#include "client/xpctl/table.h"

#include <algorithm>

namespace xp::xpctl {
namespace {

constexpr int kGap = 2;
constexpr int kElasticMin = 12;

const char* Colour(Mark mark) {
  switch (mark) {
    case Mark::kBest:
      return "\x1b[1;32m";
    case Mark::kGood:
      return "\x1b[32m";
    case Mark::kWarn:
      return "\x1b[33m";
    case Mark::kBad:
      return "\x1b[31m";
    case Mark::kFaint:
      return "\x1b[2m";
    case Mark::kNone:
      break;
  }
  return "";
}

// A column in which something is marked keeps a place for the mark in each row, so that numbers
// stay below each other.
bool HasBest(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return row[column].mark == Mark::kBest; });
}

// `mark_width`: 1 in a column that has a mark somewhere, else 0.
std::string Shown(const Cell& cell, int mark_width) {
  std::string text = Printable(cell.text);
  if (cell.mark == Mark::kBest) return text + "*";
  return text.append(static_cast<size_t>(mark_width), ' ');
}

std::vector<int> Widths(const Table& table, const std::vector<int>& mark_widths, int limit) {
  std::vector<int> widths;
  int total = 0;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    int width = DisplayWidth(table.columns[c].name) + mark_widths[c];
    for (const auto& row : table.rows) {
      width = std::max(width, DisplayWidth(Shown(row[c], mark_widths[c])));
    }
    widths.push_back(width);
    total += width + (c > 0 ? kGap : 0);
  }
  for (size_t c = 0; c < table.columns.size() && limit > 0 && total > limit; ++c) {
    if (!table.columns[c].elastic) continue;
    const int cut = std::min(total - limit, std::max(0, widths[c] - kElasticMin));
    widths[c] -= cut;
    total -= cut;
  }
  return widths;
}

// The columns of each block: one block where all fit, else as many as it takes, each beginning with
// the first column, which names the rows.
std::vector<std::vector<size_t>> Blocks(const std::vector<int>& widths, int limit) {
  std::vector<std::vector<size_t>> blocks(1);
  int used = 0;
  for (size_t c = 0; c < widths.size(); ++c) {
    const int width = widths[c] + (c > 0 ? kGap : 0);
    if (limit > 0 && used + width > limit && blocks.back().size() > 1) {
      blocks.push_back({0});
      used = widths[0];
    }
    blocks.back().push_back(c);
    used += width;
  }
  return blocks;
}

std::string MarkdownText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '*' || c == '_' || c == '`' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string RenderText(const Table& table, const Terminal& terminal) {
  std::vector<int> mark_widths;
  for (size_t c = 0; c < table.columns.size(); ++c)
    mark_widths.push_back(HasBest(table, c) ? 1 : 0);
  const std::vector<int> widths = Widths(table, mark_widths, terminal.width);
  std::string out;
  const auto put = [&](size_t c, const std::string& text, const char* colour) {
    const std::string cut = Elide(text, widths[c]);
    const std::string padding(static_cast<size_t>(widths[c] - DisplayWidth(cut)), ' ');
    const bool right = table.columns[c].align == Align::kRight;
    if (c > 0) out.append(kGap, ' ');
    if (right) out += padding;
    const bool coloured = terminal.colour && *colour != '\0';
    out += coloured ? colour + cut + "\x1b[0m" : cut;
    if (!right) out += padding;
  };
  const auto end_line = [&] {
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  };
  for (const std::vector<size_t>& block : Blocks(widths, terminal.width)) {
    if (!out.empty()) out += '\n';
    for (const size_t c : block) {
      const bool shift = mark_widths[c] > 0 && table.columns[c].align == Align::kRight;
      put(c, table.columns[c].name + (shift ? " " : ""), terminal.colour ? "\x1b[1m" : "");
    }
    end_line();
    for (const auto& row : table.rows) {
      for (const size_t c : block) put(c, Shown(row[c], mark_widths[c]), Colour(row[c].mark));
      end_line();
    }
  }
  return out;
}

std::string RenderMarkdown(const Table& table) {
  std::string out = "|";
  for (const Column& column : table.columns) {
    out += " " + MarkdownText(Printable(column.name)) + " |";
  }
  out += "\n|";
  for (const Column& column : table.columns) {
    out += column.align == Align::kRight ? " ---: |" : " --- |";
  }
  out += "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const Cell& cell : row) {
      const std::string text = MarkdownText(Printable(cell.text));
      out += cell.mark == Mark::kBest ? " **" + text + "** |" : " " + text + " |";
    }
    out += "\n";
  }
  return out;
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string RenderCsv(const Table& table) {
  std::string out;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    out += (c > 0 ? "," : "") + CsvField(table.columns[c].name);
  }
  out += "\n";
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      out += (c > 0 ? "," : "") + CsvField(row[c].raw.value_or(row[c].text));
    }
    out += "\n";
  }
  return out;
}

}  // namespace xp::xpctl
