#include "server/store/sqlite/metric_reads.h"

namespace xp::store {

absl::StatusOr<v1::GetHistoryResponse> SqliteMetricReads::GetHistory(const v1::GetHistoryRequest&) {
  return absl::UnimplementedError("history");
}
absl::StatusOr<v1::ListPointsResponse> SqliteMetricReads::ListPoints(const v1::ListPointsRequest&) {
  return absl::UnimplementedError("points");
}

}  // namespace xp::store
