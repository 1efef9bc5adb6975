#include "client/xpctl/format.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {

std::string ShortNumber(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return absl::StrFormat("%.6g", value);
}

std::string ExactNumber(double value) {
  if (!std::isfinite(value)) return ShortNumber(value);
  std::array<char, 64> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

nlohmann::ordered_json JsonNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

namespace {
bool IsAbsent(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() == 0 && timestamp.nanos() == 0;
}
}  // namespace

std::string LocalTime(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone) {
  if (IsAbsent(timestamp)) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeOf(timestamp), zone);
}

std::string UtcTime(const google::protobuf::Timestamp& timestamp) {
  if (IsAbsent(timestamp)) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", TimeOf(timestamp), absl::UTCTimeZone());
}

nlohmann::ordered_json JsonTime(const google::protobuf::Timestamp& timestamp) {
  if (IsAbsent(timestamp)) return nullptr;
  return UtcTime(timestamp);
}

Cell TimeCell(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone) {
  Cell cell(LocalTime(timestamp, zone));
  cell.raw = UtcTime(timestamp);
  return cell;
}

Cell ElapsedCell(const google::protobuf::Timestamp& start, const google::protobuf::Timestamp& end,
                 absl::Time now) {
  if (IsAbsent(start)) return "";
  const absl::Time until = IsAbsent(end) ? now : TimeOf(end);
  const absl::Duration elapsed = std::max(until - TimeOf(start), absl::ZeroDuration());
  Cell cell(ShowDuration(elapsed));
  cell.raw = absl::StrFormat("%.3f", absl::ToDoubleSeconds(elapsed));
  return cell;
}

Cell SizeCell(uint64_t bytes) {
  Cell cell(ShowSize(bytes));
  cell.raw = absl::StrCat(bytes);
  return cell;
}

std::string StateName(v1::TrialState state) {
  return state == v1::TRIAL_STATE_UNSPECIFIED ? "" : v1::TrialState_Name(state);
}

std::string ReasonName(v1::EndReason reason) {
  return reason == v1::END_REASON_UNSPECIFIED ? "" : v1::EndReason_Name(reason);
}

bool HasEnded(v1::TrialState state) {
  return state == v1::COMPLETED || state == v1::FAILED || state == v1::STOPPED;
}

Cell StateCell(const std::string& state, const std::string& reason) {
  Mark mark = Mark::kNone;
  if (state == "COMPLETED") mark = Mark::kGood;
  if (state == "FAILED" || state == "LOST") mark = Mark::kBad;
  if (state == "STOPPED" || state == "STOPPING") mark = Mark::kWarn;
  if (state == "QUEUED") mark = Mark::kFaint;
  return {reason.empty() ? state : state + " (" + reason + ")", mark};
}

std::string Plural(uint64_t count, const std::string& noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace xp::xpctl
