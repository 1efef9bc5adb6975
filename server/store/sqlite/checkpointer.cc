#include "server/store/sqlite/checkpointer.h"

#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include "proto/status.h"

namespace xp::store {

void Checkpointer::Start() {
  if (db_ == nullptr) return;
  thread_.Start(options_.maintenance_period, [this] { RunAndTell(); });
}

void Checkpointer::RunAndTell() {
  const absl::Status status = Run();
  if (!status.ok() && status.code() != told_) {
    spdlog::warn("checkpoint: {}; not said again until one succeeds", FormatStatus(status));
  }
  told_ = status.code();
}

absl::Status Checkpointer::Run() {
  if (db_ == nullptr) return absl::OkStatus();
  MutexLock lock(connection_);
  const absl::Status status = MoveLog();
  if (DamageOf(sqlite3_extended_errcode(db_->handle())) == Damage::kDisk && !status.ok()) {
    options_.fatal(status);
  }
  return status;
}

absl::Status Checkpointer::MoveLog() {
  constexpr uint64_t kPageBytes = 4096;
  int pages = 0;
  int moved = 0;
  int code =
      sqlite3_wal_checkpoint_v2(db_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
  if (code == SQLITE_OK && pages > 0 && pages * kPageBytes > options_.checkpoint_bytes) {
    code = sqlite3_wal_checkpoint_v2(db_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &pages,
                                     &moved);
  }
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_BUSY:  // next time
    case SQLITE_LOCKED:
      return absl::OkStatus();
    default:
      return SqliteStatus(code, sqlite3_errmsg(db_->handle()), "checkpoint");
  }
}

}  // namespace xp::store
