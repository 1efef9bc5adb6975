#include "client/xpctl/compare_table.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "client/xpctl/compare_json.h"
#include "client/xpctl/format.h"

namespace xp::xpctl {
namespace {

// nullopt when there is no such number: no series, or no finite value in it.
std::optional<double> StatOf(const v1::CompareCell& cell, const std::string& stat) {
  if (!cell.present()) return std::nullopt;
  const v1::Summary& summary = cell.summary();
  if (stat == "count") return static_cast<double>(summary.count());
  if (summary.count() == 0) return std::nullopt;
  if (stat == "last") return summary.last();
  if (stat == "min") return summary.min();
  if (stat == "max") return summary.max();
  if (stat == "first") return summary.first();
  if (stat == "stddev") return summary.stddev();
  return summary.avg();
}

// The rows with the best value of one statistic. The server marks the ranking one; the others are
// marked by the same goal here. A spread or a count is nothing to be best in.
std::set<int> BestRows(const v1::CompareTrialsResponse& response, int column,
                       const CompareLayout& layout, const std::string& stat) {
  std::set<int> best;
  if (stat == layout.stats.front()) {
    for (int r = 0; r < response.rows_size(); ++r) {
      if (response.rows(r).cells(column).best()) best.insert(r);
    }
    return best;
  }
  if (stat == "stddev" || stat == "count") return best;
  const double sign = response.columns(column).goal() == v1::GOAL_MINIMIZE ? -1 : 1;
  std::optional<double> top;
  for (int r = 0; r < response.rows_size(); ++r) {
    const auto value = StatOf(response.rows(r).cells(column), stat);
    if (!value || (top && sign * *value < sign * *top)) continue;
    if (!top || sign * *value > sign * *top) best.clear();
    top = value;
    best.insert(r);
  }
  // One value alone is not better than another.
  return response.rows_size() > 1 ? best : std::set<int>();
}

// "2", "2-5" where the metrics of a row differ, "" without any.
std::string CountText(const v1::CompareRow& row) {
  uint64_t low = UINT64_MAX;
  uint64_t high = 0;
  for (const v1::CompareCell& cell : row.cells()) {
    if (!cell.present()) continue;
    low = std::min(low, cell.summary().count());
    high = std::max(high, cell.summary().count());
  }
  if (low == UINT64_MAX) return "";
  return low == high ? absl::StrCat(low) : absl::StrCat(low, "-", high);
}

std::string MissingText(const v1::CompareCell& cell) {
  if (!cell.present()) return "-";
  if (cell.summary().nan_count() > 0) return "nan";
  return cell.summary().inf_count() > 0 ? "inf" : "-";
}

std::string RowName(const v1::CompareRow& row, size_t experiments) {
  return row.group_size() > 0 || row.trial().empty() || experiments > 1 ? row.name() : row.trial();
}

std::vector<Cell> TextRow(const v1::CompareRow& row, size_t experiments) {
  std::vector<Cell> cells;
  cells.emplace_back(RowName(row, experiments));
  Cell state = StateCell(row.state(), row.reason());
  if (row.group_size() > 0) state = Cell(Plural(static_cast<uint64_t>(row.group_size()), "trial"));
  if (row.from_predecessor()) state.text += absl::StrCat(" #", row.attempt());
  cells.push_back(std::move(state));
  cells.emplace_back(CountText(row));
  return cells;
}

// Parameters that some rows have otherwise than others, or not at all; in the order of first sight.
std::vector<std::string> DifferingParams(const v1::CompareTrialsResponse& response) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<std::string>> values;
  for (const v1::CompareRow& row : response.rows()) {
    for (const v1::NameValue& param : row.params()) {
      auto& seen = values[param.name()];
      if (seen.empty()) names.push_back(param.name());
      seen.push_back(param.value());
    }
  }
  std::erase_if(names, [&](const std::string& name) {
    const std::vector<std::string>& seen = values[name];
    return seen.size() == static_cast<size_t>(response.rows_size()) &&
           std::all_of(seen.begin(), seen.end(), [&](const auto& one) { return one == seen[0]; });
  });
  return names;
}

void AddParams(const v1::CompareTrialsResponse& response, Table* table) {
  for (const std::string& name : DifferingParams(response)) {
    table->columns.push_back({name});
    for (int r = 0; r < response.rows_size(); ++r) {
      Cell cell("-");
      for (const v1::NameValue& param : response.rows(r).params()) {
        if (param.name() == name) cell = Cell(param.value());
      }
      table->rows[static_cast<size_t>(r)].push_back(std::move(cell));
    }
  }
}

}  // namespace

const std::vector<std::string>& StatNames() {
  static const std::vector<std::string>& names =
      *new std::vector<std::string>{"avg", "last", "min", "max", "first", "stddev", "count"};
  return names;
}

Report MakeCompareReport(const v1::CompareTrialsResponse& response, const CompareLayout& layout) {
  std::set<std::string> experiments;
  for (const v1::CompareRow& row : response.rows()) experiments.insert(row.experiment());
  Report report;
  Table& table = report.table;
  Table& csv = report.csv;
  const bool groups = response.rows_size() > 0 && response.rows(0).group_size() > 0;
  table.columns = {
      {groups ? "group" : "trial"}, {groups ? "size" : "state"}, {"count", Align::kRight}};
  csv.columns = {{"name"}, {"state"}, {"reason"}, {"attempt"}, {"worker"}};
  for (const v1::CompareRow& row : response.rows()) {
    table.rows.push_back(TextRow(row, experiments.size()));
    csv.rows.push_back({row.name(), row.state(), row.reason(),
                        row.attempt() > 0 ? absl::StrCat(row.attempt()) : "", row.worker()});
  }
  if (layout.params == CompareLayout::Params::kDiffering) {
    AddParams(response, &table);
    AddParams(response, &csv);
  }
  for (int c = 0; c < response.columns_size(); ++c) {
    const std::string& metric = response.columns(c).metric();
    for (const std::string& stat : layout.stats) {
      const bool plain = layout.stats.size() == 1 && stat == "avg";
      table.columns.push_back({plain ? metric : metric + " " + stat, Align::kRight});
      csv.columns.push_back({metric + " " + stat, Align::kRight});
      const std::set<int> best = BestRows(response, c, layout, stat);
      for (int r = 0; r < response.rows_size(); ++r) {
        const v1::CompareCell& cell = response.rows(r).cells(c);
        const auto value = StatOf(cell, stat);
        const auto at = static_cast<size_t>(r);
        table.rows[at].emplace_back(value ? ShortNumber(*value) : MissingText(cell),
                                    best.contains(r) ? Mark::kBest : Mark::kNone);
        csv.rows[at].emplace_back(value ? ExactNumber(*value) : "");
      }
    }
    csv.columns.push_back({metric + " count", Align::kRight});
    for (int r = 0; r < response.rows_size(); ++r) {
      const v1::CompareCell& cell = response.rows(r).cells(c);
      csv.rows[static_cast<size_t>(r)].emplace_back(
          cell.present() ? absl::StrCat(cell.summary().count()) : "");
    }
  }
  csv.columns.push_back({"why_empty"});
  for (int r = 0; r < response.rows_size(); ++r) {
    const v1::CompareRow& row = response.rows(r);
    csv.rows[static_cast<size_t>(r)].emplace_back(row.why_empty());
    if (!row.why_empty().empty()) {
      report.notes.push_back(RowName(row, experiments.size()) + ": " + row.why_empty());
    }
  }
  for (const std::string& note : response.notes()) report.notes.push_back(note);
  report.json = CompareJson(response, layout.stats.front());
  return report;
}

}  // namespace xp::xpctl
