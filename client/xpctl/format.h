// How numbers, times, states and names are written. Pure functions.
#pragma once

#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include <nlohmann/json.hpp>
#include <string>

#include "client/xpctl/table.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

// Six significant digits, for people: "0.923982", "1.2e-05", "nan".
std::string ShortNumber(double value);
// All digits that tell it from its neighbours, for programs.
std::string ExactNumber(double value);
// A number, or null for NaN and infinities (JSON has none).
nlohmann::ordered_json JsonNumber(double value);

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp);
// "2026-11-23 09:06:12", empty for an absent (zero) time.
std::string LocalTime(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone);
// RFC 3339 in UTC with milliseconds, empty for an absent time.
std::string UtcTime(const google::protobuf::Timestamp& timestamp);
// The same as a JSON string, null for an absent time.
nlohmann::ordered_json JsonTime(const google::protobuf::Timestamp& timestamp);
// For people, and in CSV for programs: LocalTime and UtcTime.
Cell TimeCell(const google::protobuf::Timestamp& timestamp, absl::TimeZone zone);
// How long from start to end, or to `now` when it has not ended; empty before the start. In CSV
// seconds.
Cell ElapsedCell(const google::protobuf::Timestamp& start, const google::protobuf::Timestamp& end,
                 absl::Time now);
// "1.7 KiB"; in CSV bytes.
Cell SizeCell(uint64_t bytes);

std::string StateName(v1::TrialState state);  // "COMPLETED"; empty when unspecified
std::string ReasonName(v1::EndReason reason);
bool HasEnded(v1::TrialState state);
// "FAILED (EXIT)", coloured by state.
Cell StateCell(const std::string& state, const std::string& reason);

// "3 trials", "1 trial".
std::string Plural(uint64_t count, const std::string& noun);

}  // namespace xp::xpctl
