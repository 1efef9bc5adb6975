// What is known of attempts, for reads and writes alike.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>
#include <vector>

#include "server/store/attempt_store.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {

absl::StatusOr<AttemptStanding> FindStanding(Database& db, const v1::AttemptId& id);
absl::StatusOr<std::vector<LiveTrial>> ListHeldBy(Database& db, std::string_view worker);
absl::StatusOr<v1::Assignment> MakeAssignment(Database& db, const TrialRow& trial,
                                              const AttemptRow& attempt);

// AttemptReads over SQLite.
class SqliteAttemptReads final : public AttemptReads {
 public:
  explicit SqliteAttemptReads(ReaderPool* pool) : pool_(*pool) {}
  absl::StatusOr<AttemptStanding> Find(const v1::AttemptId& attempt) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
