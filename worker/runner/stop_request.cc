#include "worker/runner/stop_request.h"

#include <nlohmann/json.hpp>

#include "worker/runner/json_text.h"

namespace xp::runner {
namespace {

constexpr int kStopRequestVersion = 1;

}  // namespace

std::string StopRequestToJson(const StopRequest& request) {
  nlohmann::ordered_json json = {{"version", kStopRequestVersion}};
  json["grace_ms"] = absl::ToInt64Milliseconds(request.grace);
  json["reason"] = TextToJson(request.reason);
  return json.dump(2) + "\n";
}

absl::StatusOr<StopRequest> StopRequestFromJson(std::string_view text) {
  auto json = ParseVersioned("stop.json", text, kStopRequestVersion);
  if (!json.ok()) return json.status();
  auto grace = IntField(*json, "grace_ms", 0);
  if (!grace.ok()) return grace.status();
  auto reason = TextField(*json, "reason");
  if (!reason.ok()) return reason.status();
  return StopRequest{.grace = absl::Milliseconds(*grace), .reason = *std::move(reason)};
}

}  // namespace xp::runner
