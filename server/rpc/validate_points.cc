#include "server/rpc/validate_points.h"

#include <absl/strings/str_cat.h>

#include <string>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "proto/validate.h"

namespace xp::rpc {
namespace {

absl::Status CheckLength(const std::string& field, int length, int values, bool may_be_empty) {
  if (length == values || (may_be_empty && length == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": has ", length, " entries, values has ",
                                                 values, "; columns have one length",
                                                 may_be_empty ? " or are empty" : ""));
}

absl::Status CheckSeries(const std::string& field, const v1::SeriesPoints& series) {
  if (series.metric().empty()) return absl::InvalidArgumentError(field + ".metric: is empty");
  XP_RETURN_IF_ERROR(CheckText(field + ".metric", series.metric(), limits::kMetricNameMaxLength));
  const v1::Points& points = series.points();
  const int values = points.values_size();
  if (values == 0) return absl::InvalidArgumentError(field + ".points.values: is empty");
  XP_RETURN_IF_ERROR(CheckLength(field + ".points.steps", points.steps_size(), values, true));
  XP_RETURN_IF_ERROR(CheckLength(field + ".points.epochs", points.epochs_size(), values, true));
  XP_RETURN_IF_ERROR(CheckLength(field + ".points.times_ms", points.times_ms_size(), values, true));
  return CheckLength(field + ".points.offsets", points.offsets_size(), values, true);
}

}  // namespace

absl::Status CheckWritePoints(const v1::WritePointsRequest& request) {
  XP_RETURN_IF_ERROR(CheckName("writer_id", request.writer_id()));
  if (request.attempt() < 0) return absl::InvalidArgumentError("attempt: is negative");
  for (int i = 0; i < request.series_size(); ++i) {
    XP_RETURN_IF_ERROR(CheckSeries(absl::StrCat("series[", i, "]"), request.series(i)));
  }
  return absl::OkStatus();
}

}  // namespace xp::rpc
