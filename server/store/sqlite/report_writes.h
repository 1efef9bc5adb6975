// ReportWrites over SQLite.
#pragma once

#include "server/store/report_store.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

class SqliteReportWrites final : public ReportWrites {
 public:
  explicit SqliteReportWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<ReportAnswer> Report(const PreparedReport& report) override;
  absl::StatusOr<v1::WritePointsResponse> WritePoints(
      const v1::WritePointsRequest& request) override;

 private:
  WriteSession& session_;
};

}  // namespace xp::store
