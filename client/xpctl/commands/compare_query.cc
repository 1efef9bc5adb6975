#include "client/xpctl/commands/compare_query.h"

#include "client/cpp/paging.h"

namespace xp::xpctl {

absl::StatusOr<v1::CompareTrialsResponse> QueryCompare(client::Client& client,
                                                       const v1::CompareTrialsRequest& request) {
  v1::CompareTrialsResponse whole;
  const auto add = [&](v1::CompareTrialsResponse page) {
    if (whole.columns_size() == 0) *whole.mutable_columns() = std::move(*page.mutable_columns());
    for (v1::CompareRow& row : *page.mutable_rows()) whole.add_rows()->Swap(&row);
    if (whole.notes_size() == 0) *whole.mutable_notes() = std::move(*page.mutable_notes());
    whole.set_total_rows(page.total_rows());
  };
  const absl::Status status =
      client::ForEachPage(client, &v1::Metrics::Stub::CompareTrials, request, add);
  if (!status.ok()) return status;
  for (const v1::CompareRow& row : whole.rows()) {
    if (row.cells_size() != whole.columns_size()) {
      return absl::InternalError("the table changed while it was read; try again");
    }
  }
  return whole;
}

}  // namespace xp::xpctl
