#include "worker/daemon/attempt_end.h"

#include <absl/strings/str_cat.h>

#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

constexpr int kPreempted = 75;  // EX_TEMPFAIL: saved its state, wants to be queued again

// The word that the daemon gave CallOff. One that this build does not know is of another version.
v1::EndReason ReasonOfCallOff(const std::string& word) {
  v1::EndReason reason = v1::END_REASON_UNSPECIFIED;
  return v1::EndReason_Parse(word, &reason) ? reason : v1::WORKER_FAULT;
}

// Unspecified: a plain exit, see its code.
v1::EndReason ReasonOf(const runner::ExitRecord& record) {
  if (record.reason == runner::EndReason::kCalledOff) return ReasonOfCallOff(record.stop_reason);
  switch (record.stop_cause) {
    case runner::StopCause::kRequested:
      return record.stop_reason == StopWord(v1::MAX_RUNTIME) ? v1::MAX_RUNTIME : v1::USER;
    case runner::StopCause::kTimeLimit:
      return v1::MAX_RUNTIME;
    case runner::StopCause::kTerminated:
      // The machine goes down. A program that saved its state and said so is believed.
      return record.exit_code == kPreempted ? v1::END_REASON_UNSPECIFIED : v1::WORKER_FAULT;
    case runner::StopCause::kNone:
      break;
  }
  switch (record.reason) {
    case runner::EndReason::kExit:
      return v1::END_REASON_UNSPECIFIED;
    case runner::EndReason::kSignal:
      return v1::SIGNAL;
    case runner::EndReason::kOutOfMemory:
      return v1::OUT_OF_MEMORY;
    case runner::EndReason::kNotFound:
      return v1::NOT_FOUND;
    case runner::EndReason::kStartFailed:
    case runner::EndReason::kCalledOff:
      break;
  }
  return v1::WORKER_FAULT;
}

bool Began(const runner::ExitRecord& record) {
  return record.reason != runner::EndReason::kNotFound &&
         record.reason != runner::EndReason::kStartFailed &&
         record.reason != runner::EndReason::kCalledOff;
}

// What the numbers do not say.
std::string MessageOf(const runner::ExitRecord& record, uint64_t log_end) {
  std::string message = record.message;
  if (record.stop_cause == runner::StopCause::kTerminated) {
    message = "the worker's machine told its runner to end (shutdown?)";
  }
  const auto add = [&](const std::string& words) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", words);
  };
  if (record.log_truncations > 0) {
    add(absl::StrCat("the log was cut ", record.log_truncations,
                     " times from inside (does a script write to /dev/stderr?)"));
  }
  if (const auto written = static_cast<uint64_t>(record.log_bytes); written > log_end) {
    add(absl::StrCat("the last ", written - log_end, " of ", written,
                     " bytes of the log are lost: its file was removed or renamed before they were "
                     "read"));
  }
  if (record.descendants_left > 0) {
    add(absl::StrCat(record.descendants_left, " processes could not be ended"));
  }
  return message;
}

}  // namespace

std::string StopWord(v1::EndReason reason) {
  return v1::EndReason_Name(reason == v1::MAX_RUNTIME ? v1::MAX_RUNTIME : v1::USER);
}

v1::Exited ExitedMessage(const v1::AttemptId& attempt, const runner::ExitRecord& record,
                         uint64_t log_end) {
  v1::Exited exited;
  *exited.mutable_attempt() = attempt;
  if (Began(record) && record.signal == 0) exited.set_exit_code(record.exit_code);
  exited.set_signal(record.signal);
  exited.set_reason(ReasonOf(record));
  exited.set_message(MessageOf(record, log_end));
  *exited.mutable_time() = MsToProto(record.end_time_ms);
  *exited.mutable_run_time() = ToProto(absl::Milliseconds(record.run_time_ms));
  return exited;
}

v1::Exited ExitedWithout(const v1::AttemptId& attempt, v1::EndReason reason,
                         const std::string& message, absl::Time now) {
  v1::Exited exited;
  *exited.mutable_attempt() = attempt;
  exited.set_reason(reason);
  exited.set_message(message);
  *exited.mutable_time() = ToProto(now);
  *exited.mutable_run_time() = ToProto(absl::ZeroDuration());
  return exited;
}

}  // namespace xp::daemon
