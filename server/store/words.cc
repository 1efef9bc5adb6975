#include "server/store/words.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <nlohmann/json.hpp>

#include "proto/status.h"

namespace xp::store {
namespace {

using nlohmann::json;

template <typename T>
absl::StatusOr<T> Known(std::optional<T> value, std::string_view what, std::string_view name) {
  if (value) return *value;
  return absl::DataLossError(
      absl::StrCat("the database holds an unknown ", ToAbsl(what), ": '", ToAbsl(name), "'"));
}

template <typename T>
std::vector<T> FromJson(std::string_view text) {
  std::vector<T> list;
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array()) return list;
  for (const json& element : parsed) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (element.is_string()) list.push_back(element.get<std::string>());
    } else {
      if (element.is_number_integer()) list.push_back(element.get<T>());
    }
  }
  return list;
}

}  // namespace

v1::TrialState ToMessage(core::TrialState state) {
  switch (state) {
    case core::TrialState::kQueued:
      return v1::QUEUED;
    case core::TrialState::kAssigned:
      return v1::ASSIGNED;
    case core::TrialState::kRunning:
      return v1::RUNNING;
    case core::TrialState::kFinishing:
      return v1::FINISHING;
    case core::TrialState::kStopping:
      return v1::STOPPING;
    case core::TrialState::kLost:
      return v1::LOST;
    case core::TrialState::kCompleted:
      return v1::COMPLETED;
    case core::TrialState::kFailed:
      return v1::FAILED;
    case core::TrialState::kStopped:
      return v1::STOPPED;
  }
  return v1::TRIAL_STATE_UNSPECIFIED;
}

v1::EndReason ToMessage(core::FailureReason reason) {
  switch (reason) {
    case core::FailureReason::kNone:
      return v1::END_REASON_UNSPECIFIED;
    case core::FailureReason::kExit:
      return v1::EXIT;
    case core::FailureReason::kSignal:
      return v1::SIGNAL;
    case core::FailureReason::kOutOfMemory:
      return v1::OUT_OF_MEMORY;
    case core::FailureReason::kNotFound:
      return v1::NOT_FOUND;
    case core::FailureReason::kInput:
      return v1::INPUT;
    case core::FailureReason::kWorkerFault:
      return v1::WORKER_FAULT;
    case core::FailureReason::kTrackerGone:
      return v1::TRACKER_GONE;
    case core::FailureReason::kIncomplete:
      return v1::INCOMPLETE;
  }
  return v1::END_REASON_UNSPECIFIED;
}

v1::EndReason ToMessage(core::StopReason reason) {
  switch (reason) {
    case core::StopReason::kNone:
      return v1::END_REASON_UNSPECIFIED;
    case core::StopReason::kUser:
      return v1::USER;
    case core::StopReason::kMaxRuntime:
      return v1::MAX_RUNTIME;
  }
  return v1::END_REASON_UNSPECIFIED;
}

absl::StatusOr<core::TrialState> StoredState(std::string_view name) {
  return Known(core::ParseTrialState(name), "state", name);
}

absl::StatusOr<core::FailureReason> StoredFailure(std::string_view name) {
  if (name.empty()) return core::FailureReason::kNone;
  return Known(core::ParseFailureReason(name), "reason of a failure", name);
}

absl::StatusOr<core::StopReason> StoredStop(std::string_view name) {
  if (name.empty()) return core::StopReason::kNone;
  return Known(core::ParseStopReason(name), "reason of a stop", name);
}

google::protobuf::Timestamp ToTimestamp(int64_t ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = ns / kSecond;
  int64_t rest = ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest));
  return time;
}

int64_t ToNanoseconds(const google::protobuf::Timestamp& time) {
  // Saturates: years beyond 2262 are somebody's broken clock.
  return absl::ToUnixNanos(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()));
}

std::string TagsToJson(const TagMap& tags) {
  json object = json::object();
  for (const auto& [key, value] : tags) object[key] = value;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

void TagsFromJson(std::string_view text, TagMap& tags) {
  if (text.size() <= 2) return;
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) tags[key] = value.get<std::string>();
  }
}

std::string ListToJson(const std::vector<std::string>& list) {
  return json(list).dump(-1, ' ', false, json::error_handler_t::replace);
}
std::string ListToJson(const std::vector<int32_t>& list) { return json(list).dump(); }
std::vector<std::string> TextsFromJson(std::string_view text) {
  return FromJson<std::string>(text);
}
std::vector<int32_t> NumbersFromJson(std::string_view text) { return FromJson<int32_t>(text); }

std::string Serialise(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace xp::store
