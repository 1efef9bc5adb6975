// LogReads over SQLite.
#pragma once

#include "server/store/log_store.h"
#include "server/store/sqlite/reader_pool.h"

namespace xp::store {

class SqliteLogReads final : public LogReads {
 public:
  explicit SqliteLogReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<v1::ReadLogResponse> Read(const v1::ReadLogRequest& request) override;
  absl::StatusOr<LogPiece> ReadPiece(std::string_view trial_uid, int32_t attempt,
                                     v1::SourceKind source, uint64_t offset) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
