#include <algorithm>
#include <charconv>
#include <iterator>

#include "proto/limits.h"
#include "proto/status.h"
#include "server/core/downsample.h"
#include "server/core/page_token.h"
#include "server/core/series_chunk.h"
#include "server/store/sqlite/compare_rows.h"
#include "server/store/sqlite/metric_reads.h"
#include "server/store/sqlite/nearest_name.h"
#include "server/store/sqlite/point_columns.h"
#include "server/store/sqlite/series_set.h"
#include "server/store/sqlite/trial_row.h"

namespace xp::store {
namespace {

constexpr int kPageBytes = 900 * 1024;  // of points, so that an answer stays under 1 MiB

// The chunks of a series: their headers, and where their points are.
struct ChunkList {
  std::vector<core::ChunkHeader> headers;
  std::vector<int64_t> rows;                           // of point_chunks; 0: the points are here
  std::vector<std::vector<core::MetricPoint>> points;  // of those with row 0, in turn
};

absl::Status AddHeaders(Database& db, int64_t attempt_id, uint32_t series, ChunkList& list) {
  Query query(db,
              "SELECT id, header FROM point_chunks WHERE attempt_id = ? AND series = ? "
              "ORDER BY first_position",
              attempt_id, series);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(core::ChunkHeader header, core::UnpackChunkHeader(query.View(1)));
    list.rows.push_back(query.Int(0));
    list.headers.push_back(std::move(header));
  }
  return query.status();
}

// The points of a predecessor that count, as chunks that are unpacked already.
absl::Status AddCut(Database& db, int64_t attempt_id, uint32_t series, const core::PointCut& cut,
                    ChunkList& list) {
  return ForEachChunk(
      db, attempt_id, series, [&](const std::vector<core::MetricPoint>& points) -> absl::Status {
        std::vector<core::MetricPoint> counting;
        std::copy_if(points.begin(), points.end(), std::back_inserter(counting),
                     [&](const core::MetricPoint& point) { return cut.Counts(point); });
        if (counting.empty()) return absl::OkStatus();
        list.rows.push_back(0);
        list.headers.push_back(core::MakeChunkHeader(counting));
        list.points.push_back(std::move(counting));
        return absl::OkStatus();
      });
}

// One chunk after the other: a long series never lies in memory as a whole, but for what a resumed
// chain takes of an attempt whose end it cut off.
absl::StatusOr<core::ThinnedSeries> ThinChunks(Database& db, const ChunkList& list,
                                               const core::ThinningOptions& options) {
  core::Thinner thinner(list.headers, options);
  size_t here = 0;
  for (size_t i = 0; i < list.rows.size(); ++i) {
    if (list.rows[i] == 0) {
      thinner.TakePoints(i, list.points[here++]);
      continue;
    }
    if (!thinner.NeedsPoints(i)) {
      thinner.TakeHeader(i);
      continue;
    }
    Query query(db, "SELECT data FROM point_chunks WHERE id = ?", list.rows[i]);
    if (!query.Next()) {
      XP_RETURN_IF_ERROR(query.status());
      return absl::DataLossError(
          absl::StrCat("the points of chunk ", list.rows[i], " are missing"));
    }
    XP_ASSIGN_OR_RETURN(const auto points, core::DecodeSeriesChunk(query.View(0)));
    thinner.TakePoints(i, points);
  }
  return std::move(thinner).Finish();
}

absl::StatusOr<core::ThinnedSeries> ThinSeries(Database& db,
                                               const std::vector<AttemptSummaries>& attempts,
                                               const CountingSeries& series,
                                               const core::ThinningOptions& options) {
  ChunkList list;
  for (const core::SeriesPart& part : series.older) {
    for (const AttemptSummaries& attempt : attempts) {
      if (attempt.number != part.attempt) continue;
      const auto older = ChooseSource(attempt, series.entry->metric);
      if (older) XP_RETURN_IF_ERROR(AddCut(db, attempt.id, older->number, part.cut, list));
    }
  }
  XP_RETURN_IF_ERROR(AddHeaders(db, attempts[series.attempt].id, series.number, list));
  return ThinChunks(db, list, options);
}

absl::StatusOr<core::ThinningOptions> ReadOptions(const v1::GetHistoryRequest& request) {
  core::ThinningOptions options;
  if (request.max_points() < 0) {
    return absl::InvalidArgumentError("max_points: must not be negative");
  }
  options.budget =
      std::min(request.max_points() == 0 ? limits::kPointBudgetDefault : request.max_points(),
               limits::kPointBudgetMax);
  switch (request.axis()) {
    case v1::HISTORY_AXIS_TIME:
      options.axis = core::ChartAxis::kTime;
      break;
    case v1::HISTORY_AXIS_POSITION:
      options.axis = core::ChartAxis::kPosition;
      break;
    default:
      options.axis = core::ChartAxis::kStep;
  }
  if (request.has_axis_min()) options.from = request.axis_min();
  if (request.has_axis_max()) options.to = request.axis_max();
  if (options.from > options.to) {
    return absl::InvalidArgumentError("axis_min: lies beyond axis_max");
  }
  return options;
}

// The series asked for, in the order asked; all when nothing is.
absl::StatusOr<std::vector<CountingSeries>> Select(const std::vector<CountingSeries>& all,
                                                   const v1::GetHistoryRequest& request) {
  if (request.metrics().empty()) return all;
  std::vector<CountingSeries> selected;
  for (int i = 0; i < request.metrics_size(); ++i) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const CountingSeries& series) {
      return series.entry->metric == request.metrics(i);
    });
    if (found == all.end()) {
      std::vector<std::string> names;
      for (const CountingSeries& series : all) names.push_back(series.entry->metric);
      return absl::NotFoundError(
          absl::StrCat("metrics[", i, "]: the attempt has no metric '", request.metrics(i), "'",
                       DescribeNearest(request.metrics(i), names, "xpctl show")));
    }
    selected.push_back(*found);
  }
  return selected;
}

absl::StatusOr<std::vector<CountingSeries>> SeriesOf(const std::vector<AttemptSummaries>& attempts,
                                                     int32_t number) {
  size_t shown = 0;
  if (number == 0) {
    if (attempts.empty()) return std::vector<CountingSeries>();
    return ChooseCounting(attempts, shown);
  }
  for (size_t i = 0; i < attempts.size(); ++i) {
    if (attempts[i].number == number) return ChooseOf(attempts, i);
  }
  return absl::NotFoundError(absl::StrCat("attempt: the trial has no numbers of attempt ", number));
}

core::RequestFingerprint Fingerprint(const v1::GetHistoryRequest& request) {
  core::RequestFingerprint fingerprint("GetHistory");
  v1::GetHistoryRequest content = request;
  content.clear_page_size();
  content.clear_page_token();
  fingerprint.Add("request", content.SerializeAsString());
  return fingerprint;
}

}  // namespace

absl::StatusOr<v1::GetHistoryResponse> SqliteMetricReads::GetHistory(
    const v1::GetHistoryRequest& request) {
  const core::RequestFingerprint fingerprint = Fingerprint(request);
  XP_ASSIGN_OR_RETURN(const std::string token,
                      core::ReadPageToken(request.page_token(), fingerprint));
  size_t next = 0;
  std::from_chars(token.data(), token.data() + token.size(), next);
  XP_ASSIGN_OR_RETURN(const core::ThinningOptions options, ReadOptions(request));
  if (request.page_size() < 0) return absl::InvalidArgumentError("page_size: must not be negative");
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const TrialRow trial, FindTrial(db, request.name()));
  XP_ASSIGN_OR_RETURN(const auto attempts, LoadSummaries(db, trial.id));
  XP_ASSIGN_OR_RETURN(const auto all, SeriesOf(attempts, request.attempt()));
  XP_ASSIGN_OR_RETURN(const auto selected, Select(all, request));
  v1::GetHistoryResponse response;
  size_t bytes = 0;
  for (; next < selected.size(); ++next) {
    if (request.page_size() > 0 && response.series_size() >= request.page_size()) break;
    const CountingSeries& series = selected[next];
    XP_ASSIGN_OR_RETURN(const core::ThinnedSeries thinned,
                        ThinSeries(db, attempts, series, options));
    v1::SeriesHistory history;
    history.set_metric(series.entry->metric);
    history.set_attempt(attempts[series.attempt].number);
    history.set_source(series.entry->source);
    history.set_total_points(thinned.total);
    for (const core::ThinnedPoint& point : thinned.points) {
      AddPoint(point.point, *history.mutable_points());
    }
    bytes += history.ByteSizeLong();
    if (bytes > kPageBytes && response.series_size() > 0) break;
    *response.add_series() = std::move(history);
  }
  if (next < selected.size()) {
    response.set_next_page_token(core::MakePageToken(std::to_string(next), fingerprint));
  }
  return response;
}

}  // namespace xp::store
