#include "server/store/sqlite/reader_pool.h"

#include <utility>

#include "proto/status.h"

namespace xp::store {

absl::StatusOr<std::unique_ptr<ReaderPool>> ReaderPool::Open(const std::string& location,
                                                             int count) {
  auto pool = std::make_unique<ReaderPool>();
  MutexLock lock(pool->mutex_);
  for (int i = 0; i < count; ++i) {
    XP_ASSIGN_OR_RETURN(auto db, Database::Open(location, Database::Mode::kReadOnly));
    // 16 MiB each; mapped pages spare a copy of what a compare scans.
    XP_RETURN_IF_ERROR(db->Run("PRAGMA cache_size = -16384"));
    XP_RETURN_IF_ERROR(db->Run("PRAGMA mmap_size = 268435456"));
    pool->idle_.push_back(std::move(db));
  }
  return pool;
}

std::unique_ptr<Database> ReaderPool::Take() {
  MutexLock lock(mutex_);
  while (idle_.empty()) free_.Wait(mutex_);
  std::unique_ptr<Database> db = std::move(idle_.back());
  idle_.pop_back();
  return db;
}

void ReaderPool::GiveBack(std::unique_ptr<Database> db) {
  MutexLock lock(mutex_);
  idle_.push_back(std::move(db));
  free_.NotifyOne();
}

ReadSession::~ReadSession() {
  db_->Run("COMMIT").IgnoreError();  // nothing was written
  pool_.GiveBack(std::move(db_));
}

}  // namespace xp::store
