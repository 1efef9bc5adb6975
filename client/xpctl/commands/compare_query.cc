#include "client/xpctl/commands/compare_query.h"

#include <algorithm>
#include <utility>

#include "client/cpp/paging.h"
#include "proto/limits.h"

namespace xp::xpctl {
namespace {

// A metric that turns up while the pages are read is in the columns of the later ones alone.
constexpr int kReadings = 5;

bool SameColumns(const v1::CompareTrialsResponse& a, const v1::CompareTrialsResponse& b) {
  return std::equal(a.columns().begin(), a.columns().end(), b.columns().begin(), b.columns().end(),
                    [](const auto& x, const auto& y) { return x.metric() == y.metric(); });
}

// False: the table changed meanwhile.
absl::StatusOr<bool> ReadAll(client::Client& client, const v1::CompareTrialsRequest& request,
                             v1::CompareTrialsResponse* whole) {
  bool first = true;
  bool same = true;
  const absl::Status status = client::ForEachPage(client, &v1::Metrics::Stub::CompareTrials,
                                                  request, [&](v1::CompareTrialsResponse page) {
                                                    if (std::exchange(first, false)) {
                                                      *whole = std::move(page);
                                                      return;
                                                    }
                                                    same = same && SameColumns(*whole, page);
                                                    for (v1::CompareRow& row : *page.mutable_rows())
                                                      whole->add_rows()->Swap(&row);
                                                    whole->set_total_rows(page.total_rows());
                                                  });
  if (!status.ok()) return status;
  return same;
}

}  // namespace

absl::StatusOr<v1::CompareTrialsResponse> QueryCompare(client::Client& client,
                                                       v1::CompareTrialsRequest request) {
  request.set_page_size(limits::kPageSizeMax);
  for (int reading = 0; reading < kReadings; ++reading) {
    v1::CompareTrialsResponse whole;
    const absl::StatusOr<bool> same = ReadAll(client, request, &whole);
    if (!same.ok()) return same.status();
    if (*same) return whole;
  }
  return absl::AbortedError("new metrics keep turning up while the table is read; try again");
}

}  // namespace xp::xpctl
