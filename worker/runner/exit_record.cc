#include "worker/runner/exit_record.h"

#include <absl/strings/str_cat.h>
#include <string.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "worker/runner/json_text.h"

namespace xp::runner {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitRecordVersion = 1;

// In the order of the enums.
constexpr std::array<const char*, 6> kReasonNames = {"EXIT",      "SIGNAL",       "OUT_OF_MEMORY",
                                                     "NOT_FOUND", "START_FAILED", "CALLED_OFF"};
constexpr std::array<const char*, 4> kCauseNames = {"NONE", "REQUESTED", "TIME_LIMIT",
                                                    "TERMINATED"};

template <typename Enum, size_t n>
absl::StatusOr<Enum> EnumField(const Json& json, const char* key,
                               const std::array<const char*, n>& names) {
  auto text = TextField(json, key);
  if (!text.ok()) return text.status();
  for (size_t i = 0; i < n; ++i) {
    if (*text == names[i]) return static_cast<Enum>(i);
  }
  return absl::InvalidArgumentError(absl::StrCat(key, ": unknown word \"", *text, "\""));
}

struct NumberField {
  const char* key;
  int64_t ExitRecord::*member;
};

constexpr NumberField kNumbers[] = {
    {"start_time_ms", &ExitRecord::start_time_ms},
    {"end_time_ms", &ExitRecord::end_time_ms},
    {"run_time_ms", &ExitRecord::run_time_ms},
    {"log_bytes", &ExitRecord::log_bytes},
    {"oom_kills", &ExitRecord::oom_kills},
    {"log_truncations", &ExitRecord::log_truncations},
    {"descendants_ended", &ExitRecord::descendants_ended},
    {"descendants_left", &ExitRecord::descendants_left},
};

}  // namespace

std::string ExitRecordToJson(const ExitRecord& record) {
  Json json = {{"version", kExitRecordVersion}};
  json["reason"] = kReasonNames[static_cast<size_t>(record.reason)];
  json["exit_code"] = record.exit_code;
  json["signal"] = record.signal;
  json["stop_cause"] = kCauseNames[static_cast<size_t>(record.stop_cause)];
  json["stop_reason"] = TextToJson(record.stop_reason);
  json["message"] = TextToJson(record.message);
  for (const NumberField& field : kNumbers) json[field.key] = record.*field.member;
  return json.dump(2) + "\n";
}

absl::StatusOr<ExitRecord> ExitRecordFromJson(std::string_view text) {
  auto json = ParseVersioned("exit", text, kExitRecordVersion);
  if (!json.ok()) return json.status();
  ExitRecord record;
  auto reason = EnumField<EndReason>(*json, "reason", kReasonNames);
  if (!reason.ok()) return reason.status();
  record.reason = *reason;
  auto cause = EnumField<StopCause>(*json, "stop_cause", kCauseNames);
  if (!cause.ok()) return cause.status();
  record.stop_cause = *cause;
  auto code = IntField(*json, "exit_code", 0);
  if (!code.ok()) return code.status();
  record.exit_code = static_cast<int>(*code);
  auto signal = IntField(*json, "signal", 0);
  if (!signal.ok()) return signal.status();
  record.signal = static_cast<int>(*signal);
  auto stop_reason = TextField(*json, "stop_reason");
  if (!stop_reason.ok()) return stop_reason.status();
  record.stop_reason = *std::move(stop_reason);
  auto message = TextField(*json, "message");
  if (!message.ok()) return message.status();
  record.message = *std::move(message);
  for (const NumberField& field : kNumbers) {
    auto value = IntField(*json, field.key, 0);
    if (!value.ok()) return value.status();
    record.*field.member = *value;
  }
  return record;
}

std::string DescribeExit(const ExitRecord& record) {
  std::string text;
  const auto signal_name = [&] {
    const char* name = sigabbrev_np(record.signal);
    return absl::StrCat("signal ", record.signal, " (SIG", name == nullptr ? "?" : name, ")");
  };
  switch (record.reason) {
    case EndReason::kExit:
      text = absl::StrCat("exit code ", record.exit_code);
      break;
    case EndReason::kSignal:
      text = signal_name();
      break;
    case EndReason::kOutOfMemory:
      text = absl::StrCat(
          record.signal != 0 ? signal_name() : absl::StrCat("exit code ", record.exit_code),
          ", out of memory");
      break;
    case EndReason::kNotFound:
      text = "the command cannot be run";
      break;
    case EndReason::kStartFailed:
      text = "the command could not be started";
      break;
    case EndReason::kCalledOff:
      text = "called off before the command began";
      break;
  }
  switch (record.stop_cause) {
    case StopCause::kNone:
      break;
    case StopCause::kRequested:
      absl::StrAppend(&text, ", after a stop was asked for");
      break;
    case StopCause::kTimeLimit:
      absl::StrAppend(&text, ", after the time limit");
      break;
    case StopCause::kTerminated:
      absl::StrAppend(&text, ", after the runner was told to end");
      break;
  }
  if (!record.message.empty()) absl::StrAppend(&text, ": ", record.message);
  return text;
}

}  // namespace xp::runner
