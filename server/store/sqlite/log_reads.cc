#include "server/store/sqlite/log_reads.h"

#include <algorithm>

#include "proto/status.h"
#include "server/store/log_chunk.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/source_row.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/text_tail.h"

namespace xp::store {
namespace {

constexpr uint64_t kReadMaxBytes = 512 * 1024;

struct Bytes {
  uint64_t offset = 0;
  std::string data;
  int64_t last_time_ms = 0;
};

// From `offset` on, at most `max_bytes`, without a gap: it ends where bytes were not kept.
absl::StatusOr<Bytes> ReadForward(Database& db, const SourceRow& source, uint64_t offset,
                                  uint64_t max_bytes) {
  Bytes bytes{offset, {}, 0};
  Query query(
      db,
      "SELECT from_offset, to_offset, times, data FROM log_chunks WHERE attempt_id = ?1 AND "
      "kind = ?2 AND generation = ?3 AND from_offset >= coalesce((SELECT max(from_offset) "
      "FROM log_chunks WHERE attempt_id = ?1 AND kind = ?2 AND generation = ?3 AND "
      "from_offset <= ?4), 0) AND to_offset > ?4 ORDER BY from_offset",
      source.attempt_id, static_cast<int>(source.kind), source.generation, offset);
  while (bytes.data.size() < max_bytes && query.Next()) {
    const uint64_t from = query.Uint(0);
    const uint64_t next = bytes.offset + bytes.data.size();
    if (from > next) {
      if (!bytes.data.empty()) break;
      bytes.offset = from;
    }
    XP_ASSIGN_OR_RETURN(const std::string plain, UnpackLogBytes(query.View(3)));
    const uint64_t skip = bytes.offset + bytes.data.size() - from;
    const uint64_t count = std::min<uint64_t>(plain.size() - skip, max_bytes - bytes.data.size());
    bytes.data.append(plain, skip, count);
    XP_ASSIGN_OR_RETURN(const ArrivalTimes times, UnpackTimes(from, query.View(2)));
    for (const auto& [at, ms] : times) {
      if (at < from + skip + count) bytes.last_time_ms = ms;
    }
  }
  XP_RETURN_IF_ERROR(query.status());
  return bytes;
}

// Where the last `lines` lines begin, as far as the last kReadMaxBytes reach.
absl::StatusOr<uint64_t> TailOffset(Database& db, const SourceRow& source, int lines) {
  const uint64_t begin = source.held > kReadMaxBytes ? source.held - kReadMaxBytes : 0;
  XP_ASSIGN_OR_RETURN(const Bytes bytes, ReadForward(db, source, begin, kReadMaxBytes));
  return bytes.offset + LastLinesBegin(bytes.data, static_cast<size_t>(lines));
}

}  // namespace

absl::StatusOr<v1::ReadLogResponse> SqliteLogReads::Read(const v1::ReadLogRequest& request) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, request.name()));
  XP_ASSIGN_OR_RETURN(
      const AttemptRow attempt,
      FindAttempt(db, trial.id, request.attempt() == 0 ? trial.attempt : request.attempt()));
  const v1::SourceKind kind = request.source() == v1::LOG_SOURCE_METRICS_FILE
                                  ? v1::SOURCE_KIND_METRICS_FILE
                                  : v1::SOURCE_KIND_LOG;
  XP_ASSIGN_OR_RETURN(const SourceRow source, FindSource(db, attempt.id, kind));
  if (request.tail_lines() < 0 || request.max_bytes() < 0) {
    return absl::InvalidArgumentError("tail_lines and max_bytes: must not be negative");
  }
  uint64_t offset = request.offset();
  if (request.tail_lines() > 0) {
    XP_ASSIGN_OR_RETURN(offset, TailOffset(db, source, request.tail_lines()));
  } else if (offset > source.held) {
    return absl::OutOfRangeError(
        absl::StrCat("offset: ", offset, " lies beyond the end, which is ", source.held, " now"));
  }
  const uint64_t wanted = request.max_bytes() == 0 ? kReadMaxBytes : request.max_bytes();
  XP_ASSIGN_OR_RETURN(Bytes bytes,
                      ReadForward(db, source, offset, std::min(wanted, kReadMaxBytes)));
  v1::ReadLogResponse response;
  response.set_attempt(attempt.number);
  response.set_offset(bytes.offset);
  response.set_next_offset(bytes.offset + bytes.data.size());
  response.set_data(std::move(bytes.data));
  response.set_end_offset(source.held);
  response.set_complete(attempt.confirmed);
  response.set_time_ms(bytes.last_time_ms);
  return response;
}

absl::StatusOr<LogPiece> SqliteLogReads::ReadPiece(std::string_view trial_uid, int32_t attempt,
                                                   v1::SourceKind kind, uint64_t offset) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrialByUid(db, trial_uid));
  XP_ASSIGN_OR_RETURN(const AttemptRow row, FindAttempt(db, trial.id, attempt));
  XP_ASSIGN_OR_RETURN(const SourceRow source, FindSource(db, row.id, kind));
  LogPiece piece;
  piece.offset = offset;
  Query query(db,
              "SELECT from_offset, times, data FROM log_chunks WHERE attempt_id = ?1 AND kind = ?2 "
              "AND generation = ?3 AND from_offset >= coalesce((SELECT max(from_offset) FROM "
              "log_chunks WHERE attempt_id = ?1 AND kind = ?2 AND generation = ?3 AND "
              "from_offset <= ?4), 0) AND to_offset > ?4 ORDER BY from_offset",
              source.attempt_id, static_cast<int>(source.kind), source.generation, offset);
  while (piece.bytes.size() < kReadMaxBytes && query.Next()) {
    const uint64_t from = query.Uint(0);
    if (from > piece.offset + piece.bytes.size()) {
      if (!piece.bytes.empty()) break;
      piece.offset = from;
    }
    XP_ASSIGN_OR_RETURN(const std::string plain, UnpackLogBytes(query.View(2)));
    XP_ASSIGN_OR_RETURN(const ArrivalTimes times, UnpackTimes(from, query.View(1)));
    const uint64_t next = piece.offset + piece.bytes.size();
    piece.bytes.append(plain, next - from, plain.npos);
    for (const auto& [at, ms] : times) {
      // A range that began before the piece covers its first byte.
      if (at <= piece.offset && !piece.times.empty()) piece.times.clear();
      piece.times.emplace_back(std::max(at, piece.offset), ms);
    }
  }
  XP_RETURN_IF_ERROR(query.status());
  return piece;
}

}  // namespace xp::store
