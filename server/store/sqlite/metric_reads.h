// MetricReads over SQLite. Compare is in compare_reads.cc, the points in history_reads.cc, the
// receipt in receipt_reads.cc.
#pragma once

#include "server/store/metric_store.h"
#include "server/store/sqlite/reader_pool.h"

namespace xp::store {

class SqliteMetricReads final : public MetricReads {
 public:
  explicit SqliteMetricReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<CompareData> Compare(const std::vector<std::string>& experiments,
                                      v1::AttemptView attempts) override;
  absl::StatusOr<v1::GetHistoryResponse> GetHistory(const v1::GetHistoryRequest& request) override;
  absl::StatusOr<v1::ListPointsResponse> ListPoints(const v1::ListPointsRequest& request) override;
  absl::StatusOr<v1::Receipt> GetReceipt(const v1::GetReceiptRequest& request) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
