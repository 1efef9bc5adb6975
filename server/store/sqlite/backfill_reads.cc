#include "server/store/sqlite/backfill_writes.h"

namespace xp::store {

absl::StatusOr<std::vector<BackfillPlan>> SqliteBackfillReads::ListPending() {
  (void)pool_;
  return std::vector<BackfillPlan>();
}

}  // namespace xp::store
