// Between protobuf's durations and times and absl's. Pure functions; safe from any thread.
#pragma once

#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

namespace xp::fleet {

inline absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

inline absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

inline google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

inline google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const google::protobuf::Duration since = ToProto(time - absl::UnixEpoch());
  // Timestamps count their nanoseconds forward, also before 1970.
  proto.set_seconds(since.nanos() < 0 ? since.seconds() - 1 : since.seconds());
  proto.set_nanos(since.nanos() < 0 ? since.nanos() + 1'000'000'000 : since.nanos());
  return proto;
}

}  // namespace xp::fleet
