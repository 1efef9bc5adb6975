#include "server/store/sqlite/merge_chunks.h"

#include <algorithm>

#include "proto/status.h"
#include "server/core/chunk_header.h"
#include "server/core/series_chunk.h"
#include "server/store/log_chunk.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {
namespace {

constexpr size_t kRun = 64;         // rows that are worth a merge while the attempt runs
constexpr size_t kMergeRows = 512;  // of one change

// Rows of one series, or of one source's generation, in order.
struct RowRun {
  std::vector<int64_t> ids;
};

// Cuts neighbours into runs. `size` of a row is compared with the tiers.
class RunFinder {
 public:
  RunFinder(std::vector<int64_t> tiers, size_t least) : tiers_(std::move(tiers)), least_(least) {}

  void Add(int64_t group, int64_t id, int64_t size) {
    const size_t tier =
        static_cast<size_t>(std::upper_bound(tiers_.begin(), tiers_.end(), size) - tiers_.begin());
    if (group != group_ || tier != tier_ || run_.ids.size() == kMergeRows) Close();
    group_ = group;
    tier_ = tier;
    if (tier < tiers_.size()) run_.ids.push_back(id);
  }

  std::vector<RowRun> Take() {
    Close();
    return std::move(runs_);
  }

 private:
  void Close() {
    if (run_.ids.size() >= least_) runs_.push_back(std::move(run_));
    run_ = {};
  }

  const std::vector<int64_t> tiers_;
  const size_t least_;
  int64_t group_ = -1;
  size_t tier_ = 0;
  RowRun run_;
  std::vector<RowRun> runs_;
};

absl::Status MergePoints(Database& db, const RowRun& run) {
  std::vector<std::string> blobs;
  int64_t attempt = 0, series = 0, position = 0;
  for (const int64_t id : run.ids) {
    Query query(
        db, "SELECT attempt_id, series, first_position, data FROM point_chunks WHERE id = ?", id);
    if (!query.Next()) return query.status();  // deleted meanwhile
    if (blobs.empty()) {
      attempt = query.Int(0);
      series = query.Int(1);
      position = query.Int(2);
    }
    blobs.push_back(query.Text(3));
  }
  XP_ASSIGN_OR_RETURN(const auto merged, core::MergeSeriesChunks(std::vector<std::string_view>(
                                             blobs.begin(), blobs.end())));
  for (const int64_t id : run.ids) {
    XP_RETURN_IF_ERROR(db.Run("DELETE FROM point_chunks WHERE id = ?", id));
  }
  for (const core::SeriesChunk& chunk : merged) {
    XP_RETURN_IF_ERROR(
        db.Run("INSERT INTO point_chunks (attempt_id, series, first_position, points, header, "
               "data) VALUES (?, ?, ?, ?, ?, ?)",
               attempt, series, position, chunk.header.count,
               BlobView{core::PackChunkHeader(chunk.header)}, BlobView{chunk.bytes}));
    position += chunk.header.count;
  }
  return absl::OkStatus();
}

// Bytes and times that become one row.
struct LogRun {
  int64_t attempt = 0, kind = 0, generation = 0;
  uint64_t from = 0;
  std::string bytes;
  ArrivalTimes times;

  absl::Status Insert(Database& db) const {
    if (bytes.empty()) return absl::OkStatus();
    return db.Run(
        "INSERT INTO log_chunks (attempt_id, kind, generation, from_offset, to_offset, times, "
        "data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        attempt, kind, generation, from, from + bytes.size(), BlobView{PackTimes(from, times)},
        BlobView{PackLogBytes(bytes)});
  }
};

absl::Status MergeLogs(Database& db, const RowRun& run) {
  std::vector<LogRun> merged;
  for (const int64_t id : run.ids) {
    Query query(db,
                "SELECT attempt_id, kind, generation, from_offset, times, data FROM log_chunks "
                "WHERE id = ?",
                id);
    if (!query.Next()) return query.status();  // deleted, or cut off at the limit, meanwhile
    const uint64_t from = query.Uint(3);
    XP_ASSIGN_OR_RETURN(const std::string bytes, UnpackLogBytes(query.View(5)));
    XP_ASSIGN_OR_RETURN(const ArrivalTimes times, UnpackTimes(from, query.View(4)));
    const bool fits = !merged.empty() &&
                      merged.back().bytes.size() + bytes.size() <= kLogChunkMaxBytes &&
                      merged.back().from + merged.back().bytes.size() == from;
    if (!fits) merged.push_back({query.Int(0), query.Int(1), query.Int(2), from, {}, {}});
    merged.back().bytes += bytes;
    merged.back().times.insert(merged.back().times.end(), times.begin(), times.end());
  }
  if (merged.size() == run.ids.size()) return absl::OkStatus();  // nothing fits together
  for (const int64_t id : run.ids) {
    XP_RETURN_IF_ERROR(db.Run("DELETE FROM log_chunks WHERE id = ?", id));
  }
  for (const LogRun& row : merged) XP_RETURN_IF_ERROR(row.Insert(db));
  return absl::OkStatus();
}

struct Work {
  std::vector<RowRun> points;
  std::vector<RowRun> logs;
};

absl::StatusOr<Work> FindWork(ReaderPool& pool, core::AttemptKey key) {
  ReadSession session(pool);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  const auto attempt = FindAttempt(db, key.trial.value, key.attempt);
  if (absl::IsNotFound(attempt.status())) return Work();  // deleted
  XP_RETURN_IF_ERROR(attempt.status());
  const bool ended = attempt->confirmed;
  RunFinder points(ended ? std::vector<int64_t>{4096} : std::vector<int64_t>{64, 4096},
                   ended ? 2 : kRun);
  {
    Query query(db,
                "SELECT series, id, points FROM point_chunks WHERE attempt_id = ? "
                "ORDER BY series, first_position",
                attempt->id);
    while (query.Next()) points.Add(query.Int(0), query.Int(1), query.Int(2));
    XP_RETURN_IF_ERROR(query.status());
  }
  RunFinder logs(
      ended ? std::vector<int64_t>{256 << 10} : std::vector<int64_t>{16 << 10, 256 << 10},
      ended ? 2 : kRun);
  Query query(db,
              "SELECT kind * 1000000 + generation, id, to_offset - from_offset FROM log_chunks "
              "WHERE attempt_id = ? ORDER BY kind, generation, from_offset",
              attempt->id);
  while (query.Next()) logs.Add(query.Int(0), query.Int(1), query.Int(2));
  XP_RETURN_IF_ERROR(query.status());
  return Work{points.Take(), logs.Take()};
}

}  // namespace

absl::Status MergeAttemptChunks(Store& store, ReaderPool& pool, core::AttemptKey key) {
  XP_ASSIGN_OR_RETURN(const Work work, FindWork(pool, key));
  // What room is left below the reserve is for states and deletes.
  const auto merge = [&](const RowRun& run, absl::Status (*rows)(Database&, const RowRun&)) {
    return store.Apply([&](WriteContext& context) -> absl::Status {
      XP_RETURN_IF_ERROR(SessionOf(context).CheckReserve());
      return rows(SessionOf(context).db(), run);
    });
  };
  for (const RowRun& run : work.points) XP_RETURN_IF_ERROR(merge(run, MergePoints));
  for (const RowRun& run : work.logs) XP_RETURN_IF_ERROR(merge(run, MergeLogs));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<core::AttemptKey>> FindUntidyAttempts(ReaderPool& pool) {
  ReadSession session(pool);
  XP_RETURN_IF_ERROR(session.status());
  std::vector<core::AttemptKey> keys;
  // From the indexes alone. The threshold leaves out what has been merged.
  Query query(session.db(),
              "SELECT a.trial_id, a.number FROM attempts a WHERE "
              "(SELECT count(*) FROM (SELECT 1 FROM point_chunks p WHERE p.attempt_id = a.id "
              "LIMIT 64)) = 64 OR (SELECT count(*) FROM (SELECT 1 FROM log_chunks l WHERE "
              "l.attempt_id = a.id LIMIT 64)) = 64");
  while (query.Next()) keys.push_back({{query.Int(0)}, query.Int32(1)});
  XP_RETURN_IF_ERROR(query.status());
  return keys;
}

}  // namespace xp::store
