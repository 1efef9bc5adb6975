#include "worker/daemon/exit_meaning.h"

#include <absl/strings/str_cat.h>

namespace xp::daemon {
namespace {

constexpr int kPreempted = 75;  // EX_TEMPFAIL: saved its state, wants to be queued again

std::string ReasonOf(const runner::ExitRecord& record) {
  if (record.reason == runner::EndReason::kCalledOff) return record.stop_reason;
  switch (record.stop_cause) {
    case runner::StopCause::kRequested:
      return record.stop_reason == "MAX_RUNTIME" ? "MAX_RUNTIME" : "USER";
    case runner::StopCause::kTimeLimit:
      return "MAX_RUNTIME";
    case runner::StopCause::kTerminated:
      // The machine goes down. A program that saved its state and said so is believed.
      return record.exit_code == kPreempted ? "" : "WORKER_FAULT";
    case runner::StopCause::kNone:
      break;
  }
  switch (record.reason) {
    case runner::EndReason::kExit:
      return "";
    case runner::EndReason::kSignal:
      return "SIGNAL";
    case runner::EndReason::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case runner::EndReason::kNotFound:
      return "NOT_FOUND";
    case runner::EndReason::kStartFailed:
    case runner::EndReason::kCalledOff:
      break;
  }
  return "WORKER_FAULT";
}

bool Began(const runner::ExitRecord& record) {
  return record.reason != runner::EndReason::kNotFound &&
         record.reason != runner::EndReason::kStartFailed &&
         record.reason != runner::EndReason::kCalledOff;
}

}  // namespace

ExitMeaning MeaningOf(const runner::ExitRecord& record) {
  ExitMeaning meaning;
  meaning.reason = ReasonOf(record);
  if (Began(record) && record.signal == 0) meaning.exit_code = record.exit_code;
  meaning.message = record.message;
  if (record.stop_cause == runner::StopCause::kTerminated) {
    meaning.message = "the worker's machine told its runner to end (shutdown?)";
  }
  const auto add = [&](const std::string& words) {
    absl::StrAppend(&meaning.message, meaning.message.empty() ? "" : "; ", words);
  };
  if (record.log_truncations > 0) {
    add(absl::StrCat("the log was cut ", record.log_truncations,
                     " times from inside (does a script write to /dev/stderr?)"));
  }
  if (record.descendants_left > 0) {
    add(absl::StrCat(record.descendants_left, " processes could not be ended"));
  }
  return meaning;
}

}  // namespace xp::daemon
