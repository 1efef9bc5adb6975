#include "server/store/sqlite/sqlite_admin.h"

#include <google/protobuf/duration.pb.h>

#include <filesystem>
#include <system_error>

#include "proto/status.h"
#include "server/store/sqlite/schema.h"

namespace xp::store {
namespace {

uint64_t FileSize(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// Its cost grows with the trials (docs/benchmarks.md), so each table is gone through once.
absl::Status CountRows(Database& db, v1::Stats& stats) {
  Query query(db,
              "SELECT (SELECT count(*) FROM experiments WHERE deleted = 0), "
              "(SELECT count(*) FROM trials WHERE deleted = 0), (SELECT count(*) FROM attempts), "
              "s.series, s.points, b.count, b.size "
              "FROM (SELECT coalesce(sum(series), 0) AS series, coalesce(sum(points), 0) AS points "
              "FROM sources) s, "
              "(SELECT count(*) AS count, coalesce(sum(size), 0) AS size FROM blobs) b");
  if (query.Next()) {
    stats.set_experiments(query.Int(0));
    stats.set_trials(query.Int(1));
    stats.set_attempts(query.Int(2));
    stats.set_series(query.Int(3));
    stats.set_points(query.Int(4));
    stats.set_blob_count(query.Uint(5));
    stats.set_blob_bytes(query.Uint(6));
  }
  return query.status();
}

absl::Status CountLive(Database& db, v1::Stats& stats) {
  Query query(db,
              "SELECT state, count(*) FROM trials WHERE deleted = 0 AND state IN "
              "('QUEUED', 'ASSIGNED', 'RUNNING', 'STOPPING', 'FINISHING', 'LOST') GROUP BY state");
  while (query.Next()) {
    if (query.View(0) == "QUEUED") {
      stats.set_trials_queued(query.Int32(1));
    } else {
      stats.set_trials_running(stats.trials_running() + query.Int32(1));
    }
  }
  return query.status();
}

}  // namespace

absl::StatusOr<v1::Stats> SqliteAdmin::GetStats() {
  v1::Stats stats;
  {
    ReadSession session(*parts_.pool);
    XP_RETURN_IF_ERROR(session.status());
    XP_RETURN_IF_ERROR(CountRows(session.db(), stats));
    XP_RETURN_IF_ERROR(CountLive(session.db(), stats));
    XP_ASSIGN_OR_RETURN(const int version, SchemaVersion(session.db()));
    stats.set_schema_version(version);
  }
  stats.set_database_bytes(FileSize(parts_.folder->database_path()));
  stats.set_write_ahead_log_bytes(FileSize(parts_.folder->database_path() + "-wal"));
  XP_ASSIGN_OR_RETURN(const uint64_t free, parts_.disk->FreeBytes());
  stats.set_disk_free_bytes(free);
  stats.set_disk_reserve_bytes(parts_.options->disk_reserve_bytes);
  const GroupCommitStats writer = parts_.writer->stats();
  stats.set_commits(writer.commits);
  stats.set_commit_items(writer.items);
  const int64_t ns = absl::ToInt64Nanoseconds(writer.commit_time);
  stats.mutable_commit_time()->set_seconds(ns / 1'000'000'000);
  stats.mutable_commit_time()->set_nanos(static_cast<int32_t>(ns % 1'000'000'000));
  stats.set_writer_queue_length(writer.queue_length);
  stats.set_store_id(parts_.store_id);
  return stats;
}

}  // namespace xp::store
