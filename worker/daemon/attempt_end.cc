#include "worker/daemon/attempt_end.h"

#include <absl/strings/str_cat.h>

#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

v1::EndReason ReasonOf(const runner::ExitRecord& record) {
  switch (record.stop_cause) {
    case runner::StopCause::kRequested:
      return StopReasonOf(record.stop_reason);
    case runner::StopCause::kTimeLimit:
      return v1::MAX_RUNTIME;
    case runner::StopCause::kTerminated:
      // The machine goes down. A program that saved its state and said so (75) is believed.
      return record.exit_code == 75 ? v1::END_REASON_UNSPECIFIED : v1::WORKER_FAULT;
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
      return v1::WORKER_FAULT;
  }
  return v1::WORKER_FAULT;
}

}  // namespace

std::string StopWord(v1::EndReason reason) {
  return v1::EndReason_Name(reason == v1::MAX_RUNTIME ? v1::MAX_RUNTIME : v1::USER);
}

v1::EndReason StopReasonOf(const std::string& word) {
  return word == v1::EndReason_Name(v1::MAX_RUNTIME) ? v1::MAX_RUNTIME : v1::USER;
}

v1::Exited ExitedMessage(const v1::AttemptId& attempt, const runner::ExitRecord& record) {
  v1::Exited exited;
  *exited.mutable_attempt() = attempt;
  const bool started = record.reason != runner::EndReason::kNotFound &&
                       record.reason != runner::EndReason::kStartFailed;
  if (started && record.signal == 0) exited.set_exit_code(record.exit_code);
  exited.set_signal(record.signal);
  exited.set_reason(ReasonOf(record));
  // What the numbers do not say; the server puts them into words itself.
  std::string message = record.message;
  if (record.stop_cause == runner::StopCause::kTerminated) {
    message = "the worker's machine told its runner to end (shutdown?)";
  }
  if (record.log_truncations > 0) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", "the log was cut ",
                    record.log_truncations,
                    " times from inside (does a script write to /dev/stderr?)");
  }
  if (record.descendants_left > 0) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", record.descendants_left,
                    " processes could not be ended");
  }
  exited.set_message(message);
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
