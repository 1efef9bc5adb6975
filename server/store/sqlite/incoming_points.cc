#include "server/store/sqlite/incoming_points.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/store/sqlite/resume_prefix.h"
#include "server/store/sqlite/series_set.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

constexpr int kDroppedNamesMax = 20;
// Whose counters hold what was dropped of a series that no definition is named after.
constexpr std::string_view kSeriesLimit = "(beyond the limit of series)";

v1::DefinitionReceipt& CountersOf(v1::Receipt& receipt, std::string_view name) {
  for (v1::DefinitionReceipt& counters : *receipt.mutable_definitions()) {
    if (counters.name() == name) return counters;
  }
  v1::DefinitionReceipt& counters = *receipt.add_definitions();
  counters.set_name(std::string(name));
  counters.set_revision(1);
  return counters;
}

void NameDropped(v1::DefinitionReceipt& counters, const std::string& metric) {
  const auto& names = counters.dropped_series();
  if (names.size() >= kDroppedNamesMax) return;
  if (std::find(names.begin(), names.end(), metric) != names.end()) return;
  counters.add_dropped_series(metric);
}

void AddDifferences(v1::DefinitionReceipt& sum, const v1::DefinitionReceipt& more) {
  sum.set_matches(sum.matches() + more.matches());
  sum.set_numbers(sum.numbers() + more.numbers());
  sum.set_rejected(sum.rejected() + more.rejected());
  sum.set_dropped_beyond_limit(sum.dropped_beyond_limit() + more.dropped_beyond_limit());
  sum.set_dropped_at_cut(sum.dropped_at_cut() + more.dropped_at_cut());
  sum.set_fields_rejected(sum.fields_rejected() + more.fields_rejected());
  if (!more.last_sample().empty()) sum.set_last_sample(more.last_sample());
  if (!more.rejected_sample().empty()) sum.set_rejected_sample(more.rejected_sample());
  if (!more.nearest_line().empty()) sum.set_nearest_line(more.nearest_line());
  if (sum.matches() > 0) sum.clear_nearest_line();  // of a definition that never matched only
  for (const std::string& metric : more.dropped_series()) NameDropped(sum, metric);
}

}  // namespace

absl::StatusOr<std::vector<DroppedSeries>> StorePoints(WriteSession& session,
                                                       const FencedAttempt& both, SourceRow& source,
                                                       std::vector<IncomingSeries> series) {
  std::vector<DroppedSeries> dropped;
  if (series.empty()) return dropped;
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(SeriesSet set, SeriesSet::Load(db, both.attempt.id));
  PrefixKeeper prefixes(&db, &both.trial, &both.attempt);
  for (IncomingSeries& incoming : series) {
    if (incoming.points.empty()) continue;
    auto number = set.Find(source.kind, source.writer_id, incoming.metric, SeriesStatus::kLive);
    if (!number) {
      if (set.live_count() >= limits::kSeriesPerAttemptMax) {
        dropped.push_back({std::move(incoming.metric), incoming.points.size()});
        continue;
      }
      SeriesEntry entry;
      entry.metric = incoming.metric;
      entry.source = source.kind;
      entry.writer_id = source.writer_id;
      XP_ASSIGN_OR_RETURN(number, set.Add(std::move(entry)));
      ++source.series;
    }
    const bool had_step = set.entries()[*number].first_printed_step.has_value();
    const bool had_epoch = set.entries()[*number].first_epoch.has_value();
    source.points += incoming.points.size();
    XP_RETURN_IF_ERROR(set.Append(db, *number, std::move(incoming.points)));
    const SeriesEntry& entry = set.entries()[*number];
    if (both.attempt.resumed && (entry.first_printed_step.has_value() != had_step ||
                                 entry.first_epoch.has_value() != had_epoch)) {
      XP_RETURN_IF_ERROR(prefixes.Update(set.Edit(*number)));
    }
  }
  XP_RETURN_IF_ERROR(set.Save(db));
  session.changes().NoteMetrics(both.trial.key());
  return dropped;
}

absl::StatusOr<v1::Receipt> LoadCounters(Database& db, int64_t attempt_id) {
  v1::Receipt receipt;
  Query query(db, "SELECT receipt FROM definition_counters WHERE attempt_id = ?", attempt_id);
  if (query.Next()) {
    const std::string_view bytes = query.View(0);
    if (!receipt.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError(
          absl::StrCat("the counters of attempt ", attempt_id, " cannot be read"));
    }
  }
  XP_RETURN_IF_ERROR(query.status());
  return receipt;
}

absl::Status SaveCounters(Database& db, int64_t attempt_id, const v1::Receipt& counters) {
  return db.Run("INSERT OR REPLACE INTO definition_counters (attempt_id, receipt) VALUES (?, ?)",
                attempt_id, BlobView{Serialise(counters)});
}

absl::Status AddCounters(Database& db, int64_t attempt_id, const v1::Report& report,
                         const std::vector<DroppedSeries>& dropped) {
  if (report.definitions().empty() && dropped.empty()) return absl::OkStatus();
  XP_ASSIGN_OR_RETURN(v1::Receipt receipt, LoadCounters(db, attempt_id));
  for (const v1::DefinitionReceipt& more : report.definitions()) {
    AddDifferences(CountersOf(receipt, more.name()), more);
  }
  for (const DroppedSeries& series : dropped) {
    v1::DefinitionReceipt& counters = CountersOf(receipt, kSeriesLimit);
    counters.set_dropped_beyond_limit(counters.dropped_beyond_limit() + series.points);
    NameDropped(counters, series.metric);
  }
  return SaveCounters(db, attempt_id, receipt);
}

}  // namespace xp::store
