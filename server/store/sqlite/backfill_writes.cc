#include "server/store/sqlite/backfill_writes.h"

#include "proto/status.h"

namespace xp::store {

absl::StatusOr<std::vector<BackfillPlan>> SqliteBackfillWrites::Plan(
    const v1::BackfillMetricsRequest&) {
  return absl::UnimplementedError("backfill");
}
absl::StatusOr<int64_t> SqliteBackfillWrites::Begin(const BackfillPlan&) {
  return absl::UnimplementedError("backfill");
}
absl::Status SqliteBackfillWrites::Append(int64_t, const std::string&, int32_t,
                                          const std::vector<core::MetricPoint>&) {
  (void)session_;
  return absl::UnimplementedError("backfill");
}
absl::Status SqliteBackfillWrites::Finish(int64_t, const std::vector<v1::DefinitionReceipt>&) {
  return absl::UnimplementedError("backfill");
}
absl::Status SqliteBackfillWrites::Abandon(int64_t) { return absl::UnimplementedError("backfill"); }

}  // namespace xp::store
