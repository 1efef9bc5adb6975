// The same words in their three forms: core's enums, the API's messages, and the text and integers
// that are stored. Pure functions; safe from any thread.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/trial_state.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

v1::TrialState ToMessage(core::TrialState state);
v1::EndReason ToMessage(core::FailureReason reason);
v1::EndReason ToMessage(core::StopReason reason);

// The stored words back; an unknown one is DATA_LOSS.
absl::StatusOr<core::TrialState> StoredState(std::string_view name);
absl::StatusOr<core::FailureReason> StoredFailure(std::string_view name);
absl::StatusOr<core::StopReason> StoredStop(std::string_view name);

// Nanoseconds since 1970; 0 stands for "not yet" and leaves the field absent.
google::protobuf::Timestamp ToTimestamp(int64_t ns);
int64_t ToNanoseconds(const google::protobuf::Timestamp& time);

using TagMap = google::protobuf::Map<std::string, std::string>;
std::string TagsToJson(const TagMap& tags);
// Text that is no JSON object of texts gives no tags.
void TagsFromJson(std::string_view json, TagMap& tags);

std::string ListToJson(const std::vector<std::string>& list);
std::string ListToJson(const std::vector<int32_t>& list);
std::vector<std::string> TextsFromJson(std::string_view json);
std::vector<int32_t> NumbersFromJson(std::string_view json);

// A message as bytes, the same bytes for equal content (maps in order of their keys).
std::string Serialise(const google::protobuf::MessageLite& message);

}  // namespace xp::store
