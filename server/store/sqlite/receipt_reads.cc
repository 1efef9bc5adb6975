#include "proto/status.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/incoming_points.h"
#include "server/store/sqlite/metric_reads.h"
#include "server/store/sqlite/source_row.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

v1::SourceReceipt ToReceipt(const SourceRow& source) {
  v1::SourceReceipt receipt;
  receipt.set_source(source.kind);
  receipt.set_writer_id(source.writer_id);
  receipt.set_bytes(source.held);
  receipt.set_lines(source.lines);
  receipt.set_points(source.points);
  receipt.set_over_long_lines(source.over_long_lines);
  receipt.set_bad_lines(source.bad_lines);
  receipt.set_bad_line_sample(source.bad_line_sample);
  receipt.set_generation(source.generation);
  receipt.set_bytes_not_kept(source.bytes_not_kept);
  return receipt;
}

bool HasDefinition(const v1::Receipt& receipt, const std::string& name) {
  for (const v1::DefinitionReceipt& definition : receipt.definitions()) {
    if (definition.name() == name) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<v1::Receipt> SqliteMetricReads::GetReceipt(const v1::GetReceiptRequest& request) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, request.name()));
  XP_ASSIGN_OR_RETURN(
      const AttemptRow attempt,
      FindAttempt(db, trial.id, request.attempt() == 0 ? trial.attempt : request.attempt()));
  XP_ASSIGN_OR_RETURN(v1::Receipt receipt, LoadCounters(db, attempt.id));
  XP_ASSIGN_OR_RETURN(const v1::TrialSpec spec, LoadSpec(db, trial.id));
  // A definition that nothing was ever reported of is there all the same, with zeros.
  for (const v1::MetricDefinition& definition : spec.metric_definitions()) {
    if (HasDefinition(receipt, definition.name())) continue;
    v1::DefinitionReceipt* added = receipt.add_definitions();
    added->set_name(definition.name());
    added->set_revision(1);
  }
  receipt.set_name(trial.full_name());
  receipt.set_attempt(attempt.number);
  receipt.set_complete(attempt.confirmed);
  XP_ASSIGN_OR_RETURN(const auto sources, ListSources(db, attempt.id));
  for (const SourceRow& source : sources) *receipt.add_sources() = ToReceipt(source);
  return receipt;
}

}  // namespace xp::store
