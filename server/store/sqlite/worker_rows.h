// WorkerWrites and WorkerReads over SQLite.
#pragma once

#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/write_session.h"
#include "server/store/worker_store.h"

namespace xp::store {

class SqliteWorkerWrites final : public WorkerWrites {
 public:
  explicit SqliteWorkerWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<v1::Worker> Seen(const v1::Hello& hello) override;
  absl::Status Left(std::string_view worker, absl::Time last_heard) override;
  absl::StatusOr<v1::Worker> Drain(std::string_view worker, std::string_view reason) override;
  absl::StatusOr<v1::Worker> Undrain(std::string_view worker) override;

 private:
  WriteSession& session_;
};

class SqliteWorkerReads final : public WorkerReads {
 public:
  explicit SqliteWorkerReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<v1::Worker> Get(std::string_view worker) override;
  absl::StatusOr<v1::ListWorkersResponse> List(const v1::ListWorkersRequest& request) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
