// Read-only connections, lent one at a time. A reader sees one state of the database from its first
// to its last statement, and never blocks the writer.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/mutex.h"
#include "server/store/sqlite/database.h"

namespace xp::store {

// Safe from any thread. Outlives its sessions.
class ReaderPool {
 public:
  static absl::StatusOr<std::unique_ptr<ReaderPool>> Open(const std::string& location, int count);

 private:
  friend class ReadSession;
  std::unique_ptr<Database> Take();  // waits until one is free
  void GiveBack(std::unique_ptr<Database> db);

  Mutex mutex_;
  CondVar free_;
  std::vector<std::unique_ptr<Database>> idle_ ABSL_GUARDED_BY(mutex_);
};

// One read transaction. Short: never across a send, never two in one thread (the pool may be
// empty). Queries must end before it.
class ReadSession {
 public:
  explicit ReadSession(ReaderPool& pool)
      : pool_(pool), db_(pool.Take()), status_(db_->Run("BEGIN")) {}
  ~ReadSession();
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;

  const absl::Status& status() const { return status_; }
  Database& db() { return *db_; }

 private:
  ReaderPool& pool_;
  std::unique_ptr<Database> db_;
  const absl::Status status_;
};

}  // namespace xp::store
