// BackfillWrites and BackfillReads over SQLite.
#pragma once

#include "server/store/backfill_store.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

class SqliteBackfillWrites final : public BackfillWrites {
 public:
  explicit SqliteBackfillWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<std::vector<BackfillPlan>> Plan(
      const v1::BackfillMetricsRequest& request) override;
  absl::StatusOr<int64_t> Begin(const BackfillPlan& plan) override;
  absl::Status Append(int64_t build, const std::string& metric, int32_t revision,
                      const std::vector<core::MetricPoint>& points) override;
  absl::Status Finish(int64_t build, const std::vector<v1::DefinitionReceipt>& receipts) override;
  absl::Status Abandon(int64_t build) override;

 private:
  WriteSession& session_;
};

class SqliteBackfillReads final : public BackfillReads {
 public:
  explicit SqliteBackfillReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<std::vector<BackfillPlan>> ListPending() override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
