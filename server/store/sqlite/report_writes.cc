#include "server/store/sqlite/report_writes.h"

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/log_chunk.h"
#include "server/store/prepared_report.h"
#include "server/store/sqlite/attempt_end.h"
#include "server/store/sqlite/incoming_points.h"
#include "server/store/sqlite/resume_prefix.h"
#include "server/store/sqlite/source_row.h"

namespace xp::store {
namespace {

// A trial that ended without this attempt's last word, but not for want of bytes, takes no more.
bool TakesReports(const TrialRow& trial) {
  return !core::IsEnded(trial.state) || trial.failure == core::FailureReason::kIncomplete;
}

bool Follows(const SourceRow& source, const v1::Report& report) {
  if (report.generation() == source.generation) return report.from() == source.held;
  return report.generation() > source.generation && report.from() == 0;
}

// Beyond the log's limit the last part is kept: what slides out of it goes, and is counted.
absl::Status CutBeyondLimit(WriteSession& session, SourceRow& source) {
  const uint64_t limit = session.options().log_limit_bytes;
  const uint64_t kept = session.options().log_tail_kept_bytes;
  if (source.held <= limit + kept) return absl::OkStatus();
  const uint64_t cut = source.held - kept;
  uint64_t bytes = 0;
  {
    Query query(session.db(),
                "SELECT coalesce(sum(to_offset - from_offset), 0) FROM log_chunks WHERE "
                "attempt_id = ? AND kind = ? AND generation = ? AND from_offset >= ? AND "
                "to_offset <= ?",
                source.attempt_id, static_cast<int>(source.kind), source.generation, limit, cut);
    if (query.Next()) bytes = query.Uint(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  if (bytes == 0) return absl::OkStatus();
  source.bytes_not_kept += bytes;
  return session.db().Run(
      "DELETE FROM log_chunks WHERE attempt_id = ? AND kind = ? AND generation = ? AND "
      "from_offset >= ? AND to_offset <= ?",
      source.attempt_id, static_cast<int>(source.kind), source.generation, limit, cut);
}

absl::Status StoreBytes(WriteSession& session, SourceRow& source, const PreparedReport& report) {
  const v1::Report& message = report.message;
  if (message.generation() > source.generation) {
    source.generation = message.generation();
    source.held = 0;
  }
  source.inside_over_long_line = message.inside_over_long_line();
  if (message.from() == message.to()) return absl::OkStatus();
  XP_RETURN_IF_ERROR(session.db().Run(
      "INSERT INTO log_chunks (attempt_id, kind, generation, from_offset, to_offset, times, data) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      source.attempt_id, static_cast<int>(source.kind), source.generation, message.from(),
      message.to(), BlobView{PackTimes(message.from(), report.times)}, BlobView{report.data}));
  source.held = message.to();
  source.bytes += message.to() - message.from();
  return CutBeyondLimit(session, source);
}

void CountLines(SourceRow& source, const v1::Report& message) {
  source.lines += message.lines();
  source.over_long_lines += message.over_long_lines();
  source.bad_lines += message.bad_lines();
  if (!message.bad_line_sample().empty()) source.bad_line_sample = message.bad_line_sample();
}

// The program says that it continues: from now on its predecessors' points count before its first.
absl::Status NoteResumed(Database& db, FencedAttempt& both, const v1::Report& message) {
  if (!message.resumed() && !message.has_resumed_from_step()) return absl::OkStatus();
  if (message.has_resumed_from_step()) {
    both.attempt.resumed_from_step = message.resumed_from_step();
  }
  const bool was_resumed = both.attempt.resumed;
  both.attempt.resumed = true;
  XP_RETURN_IF_ERROR(SaveAttempt(db, both.attempt));
  if (was_resumed) return absl::OkStatus();
  return PrefixKeeper(&db, &both.trial, &both.attempt).UpdateAll();
}

}  // namespace

absl::StatusOr<ReportAnswer> SqliteReportWrites::Report(const PreparedReport& report) {
  Database& db = session_.db();
  const v1::Report& message = report.message;
  XP_ASSIGN_OR_RETURN(FencedAttempt both, FindFenced(db, message.attempt()));
  XP_ASSIGN_OR_RETURN(SourceRow source, FindSource(db, both.attempt.id, message.source()));
  ReportAnswer answer;
  answer.held = ToOffset(source);
  answer.confirmed = both.attempt.confirmed;
  if (both.attempt.confirmed) return answer;
  if (!TakesReports(both.trial)) {
    return absl::FailedPreconditionError(absl::StrCat(both.trial.full_name(), " has ended (",
                                                      ToAbsl(core::StateName(both.trial.state)),
                                                      ") without this attempt: end the run"));
  }
  if (!Follows(source, message)) return answer;
  XP_RETURN_IF_ERROR(session_.CheckReserve());

  XP_RETURN_IF_ERROR(StoreBytes(session_, source, report));
  CountLines(source, message);
  XP_RETURN_IF_ERROR(NoteResumed(db, both, message));
  XP_ASSIGN_OR_RETURN(const auto dropped, StorePoints(session_, both, source, report.series));
  XP_RETURN_IF_ERROR(AddCounters(db, both.attempt.id, message, dropped));
  XP_RETURN_IF_ERROR(SaveSource(db, source));
  session_.changes().NoteGrowth({both.trial.key(), source.kind, source.generation, source.held});
  XP_ASSIGN_OR_RETURN(answer.confirmed, TryConfirm(session_, both));
  answer.held = ToOffset(source);
  answer.taken = true;
  return answer;
}

absl::StatusOr<v1::WritePointsResponse> SqliteReportWrites::WritePoints(
    const v1::WritePointsRequest& request) {
  Database& db = session_.db();
  XP_RETURN_IF_ERROR(CheckName("writer_id", request.writer_id()));
  FencedAttempt both;
  XP_ASSIGN_OR_RETURN(both.trial, FindTrial(db, request.name()));
  const int32_t number = request.attempt() == 0 ? both.trial.attempt : request.attempt();
  XP_ASSIGN_OR_RETURN(both.attempt, FindAttempt(db, both.trial.id, number));
  if (number != both.trial.attempt || both.attempt.confirmed || !TakesReports(both.trial)) {
    return absl::FailedPreconditionError(
        absl::StrCat("attempt ", number, " of ", both.trial.full_name(),
                     number != both.trial.attempt ? " is not its latest"
                                                  : " has ended and takes no more points"));
  }
  XP_ASSIGN_OR_RETURN(SourceRow source,
                      FindSource(db, both.attempt.id, v1::SOURCE_KIND_WRITER, request.writer_id()));
  v1::WritePointsResponse response;
  response.set_held_sequence(source.held);
  if (request.from_sequence() != source.held) return response;
  XP_RETURN_IF_ERROR(session_.CheckReserve());

  std::vector<IncomingSeries> series;
  for (int i = 0; i < request.series_size(); ++i) {
    XP_ASSIGN_OR_RETURN(
        IncomingSeries incoming,
        ReadSeriesPoints(absl::StrCat("series[", i, "]"), request.series(i), session_.now_ms()));
    for (core::MetricPoint& point : incoming.points) point.log_offset = source.held++;
    series.push_back(std::move(incoming));
  }
  XP_ASSIGN_OR_RETURN(const auto dropped, StorePoints(session_, both, source, std::move(series)));
  XP_RETURN_IF_ERROR(AddCounters(db, both.attempt.id, {}, dropped));
  XP_RETURN_IF_ERROR(SaveSource(db, source));
  response.set_held_sequence(source.held);
  return response;
}

}  // namespace xp::store
