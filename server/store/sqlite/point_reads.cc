#include <algorithm>
#include <charconv>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/core/series_chunk.h"
#include "server/store/sqlite/compare_rows.h"
#include "server/store/sqlite/metric_reads.h"
#include "server/store/sqlite/nearest_name.h"
#include "server/store/sqlite/point_columns.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

constexpr int kPageDefault = 10'000;

struct Found {
  int64_t attempt_id = 0;
  int32_t attempt = 0;
  uint32_t series = 0;
};

// The series of `metric` in attempt `number`; 0: in the latest attempt that has it.
absl::StatusOr<Found> FindSeries(const std::vector<AttemptSummaries>& attempts, int32_t number,
                                 const std::string& metric) {
  std::vector<std::string> names;
  for (size_t i = attempts.size(); i-- > 0;) {
    if (number != 0 && attempts[i].number != number) continue;
    const auto series = ChooseSource(attempts[i], metric);
    if (series) return Found{attempts[i].id, attempts[i].number, series->number};
    for (const SeriesEntry& entry : attempts[i].series) names.push_back(entry.metric);
  }
  return absl::NotFoundError(absl::StrCat("metric: no points of '", metric, "'",
                                          DescribeNearest(metric, names, "xpctl show")));
}

}  // namespace

absl::StatusOr<v1::ListPointsResponse> SqliteMetricReads::ListPoints(
    const v1::ListPointsRequest& request) {
  core::RequestFingerprint fingerprint("ListPoints");
  fingerprint.Add("name", request.name())
      .Add("attempt", request.attempt())
      .Add("metric", request.metric());
  if (request.page_size() < 0) return absl::InvalidArgumentError("page_size: must not be negative");
  const uint64_t wanted = std::min(request.page_size() == 0 ? kPageDefault : request.page_size(),
                                   limits::kPointBudgetMax);
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  uint64_t position = 0;
  std::from_chars(token.data(), token.data() + token.size(), position);
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, request.name()));
  XP_ASSIGN_OR_RETURN(const auto attempts, LoadSummaries(db, trial.id));
  XP_ASSIGN_OR_RETURN(const Found found, FindSeries(attempts, request.attempt(), request.metric()));
  v1::ListPointsResponse response;
  response.set_attempt(found.attempt);
  v1::Points& page = *response.mutable_points();
  Query query(db,
              "SELECT first_position, data FROM point_chunks WHERE attempt_id = ?1 AND series = ?2 "
              "AND first_position + points > ?3 AND first_position >= coalesce((SELECT "
              "max(first_position) FROM point_chunks WHERE attempt_id = ?1 AND series = ?2 AND "
              "first_position <= ?3), 0) ORDER BY first_position",
              found.attempt_id, found.series, position);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(const auto points, core::DecodeSeriesChunk(query.View(1)));
    for (uint64_t i = position - query.Uint(0); i < points.size(); ++i) {
      if (static_cast<uint64_t>(page.values_size()) == wanted) {
        response.set_next_page_token(core::MakePageToken(std::to_string(position), fingerprint));
        return response;
      }
      AddPoint(points[i], page);
      ++position;
    }
  }
  XP_RETURN_IF_ERROR(query.status());
  return response;
}

}  // namespace xp::store
