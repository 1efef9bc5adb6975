#include "client/xpctl/receipt_report.h"

#include <absl/strings/str_cat.h>

#include "client/xpctl/format.h"
#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {
namespace {

using nlohmann::ordered_json;

std::string SourceText(const v1::SourceReceipt& source) {
  switch (source.source()) {
    case v1::SOURCE_KIND_LOG:
      return "log";
    case v1::SOURCE_KIND_METRICS_FILE:
      return "metrics file";
    case v1::SOURCE_KIND_WRITER:
      return "writer " + source.writer_id();
    default:
      return "source";
  }
}

std::string Text(const v1::SourceReceipt& source) {
  std::string text;
  if (source.source() != v1::SOURCE_KIND_WRITER) {
    text = ShowSize(source.bytes()) + ", " + Plural(source.lines(), "line") + ", ";
  }
  text += Plural(source.points(), "point");
  if (source.over_long_lines() > 0) {
    absl::StrAppend(&text, ", ", source.over_long_lines(), " beyond 64 KiB");
  }
  if (source.bad_lines() > 0) {
    absl::StrAppend(&text, ", ", source.bad_lines(), " not understood (", source.bad_line_sample(),
                    ")");
  }
  if (source.generation() > 0) absl::StrAppend(&text, ", begun anew ", source.generation(), "x");
  if (source.bytes_not_kept() > 0) {
    absl::StrAppend(&text, ", ", ShowSize(source.bytes_not_kept()), " scanned but not kept");
  }
  return text;
}

std::string Advice(const v1::DefinitionReceipt& definition) {
  if (definition.matches() == 0) {
    return definition.nearest_line().empty()
               ? "matched nothing"
               : "matched nothing; nearest line: " + definition.nearest_line();
  }
  if (definition.numbers() == 0) {
    return absl::StrCat("matched ", definition.matches(),
                        " times but never a number; last: ", definition.rejected_sample());
  }
  if (definition.rejected() > 0) {
    return absl::StrCat(definition.rejected(),
                        " matches were no number; last: ", definition.rejected_sample());
  }
  const uint64_t dropped = definition.dropped_beyond_limit() + definition.dropped_at_cut();
  if (dropped > 0) return absl::StrCat(dropped, " matches dropped beyond the limits");
  if (definition.fields_rejected() > 0) {
    return absl::StrCat(definition.fields_rejected(),
                        " points without their step, epoch or time, which was none; last: ",
                        definition.rejected_sample());
  }
  return "";
}

}  // namespace

Table DefinitionTable(
    const google::protobuf::RepeatedPtrField<v1::DefinitionReceipt>& definitions) {
  Table table;
  table.columns = {{"metric"},
                   {"matches", Align::kRight},
                   {"numbers", Align::kRight},
                   {"rejected", Align::kRight},
                   {"last", Align::kLeft, /*elastic=*/true}};
  for (const v1::DefinitionReceipt& definition : definitions) {
    table.rows.push_back({definition.name(), absl::StrCat(definition.matches()),
                          absl::StrCat(definition.numbers()), absl::StrCat(definition.rejected()),
                          definition.last_sample()});
  }
  return table;
}

ordered_json DefinitionJson(const v1::DefinitionReceipt& definition) {
  ordered_json json;
  json["name"] = definition.name();
  json["revision"] = definition.revision();
  json["matches"] = definition.matches();
  json["numbers"] = definition.numbers();
  json["rejected"] = definition.rejected();
  json["dropped_beyond_limit"] = definition.dropped_beyond_limit();
  json["dropped_at_cut"] = definition.dropped_at_cut();
  json["fields_rejected"] = definition.fields_rejected();
  json["last_sample"] = definition.last_sample();
  json["rejected_sample"] = definition.rejected_sample();
  json["nearest_line"] = definition.nearest_line();
  json["dropped_series"] = definition.dropped_series();
  return json;
}

std::vector<std::string> DefinitionAdvice(
    const google::protobuf::RepeatedPtrField<v1::DefinitionReceipt>& definitions) {
  std::vector<std::string> lines;
  for (const v1::DefinitionReceipt& definition : definitions) {
    const std::string advice = Advice(definition);
    if (!advice.empty()) lines.push_back(definition.name() + ": " + advice);
  }
  return lines;
}

void AddReceipt(const v1::Receipt& receipt, Report* report) {
  ordered_json json;
  json["attempt"] = receipt.attempt();
  json["complete"] = receipt.complete();
  json["sources"] = ordered_json::array();
  auto& rows = report->table.rows;
  for (const v1::SourceReceipt& source : receipt.sources()) {
    rows.push_back({SourceText(source), Text(source)});
    ordered_json entry;
    entry["source"] = SourceText(source);
    entry["bytes"] = source.bytes();
    entry["lines"] = source.lines();
    entry["points"] = source.points();
    entry["over_long_lines"] = source.over_long_lines();
    entry["bad_lines"] = source.bad_lines();
    entry["bad_line_sample"] = source.bad_line_sample();
    entry["generation"] = source.generation();
    entry["bytes_not_kept"] = source.bytes_not_kept();
    json["sources"].push_back(std::move(entry));
  }
  json["definitions"] = ordered_json::array();
  for (const v1::DefinitionReceipt& definition : receipt.definitions()) {
    const std::string advice = Advice(definition);
    const std::string counts = Plural(definition.numbers(), "number");
    rows.push_back(
        {"captured " + definition.name(), Cell(advice.empty() ? counts : counts + "; " + advice,
                                               advice.empty() ? Mark::kNone : Mark::kWarn)});
    json["definitions"].push_back(DefinitionJson(definition));
  }
  report->json["receipt"] = std::move(json);
}

}  // namespace xp::xpctl
