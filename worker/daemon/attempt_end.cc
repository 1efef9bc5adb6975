#include "worker/daemon/attempt_end.h"

#include "worker/daemon/exit_meaning.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

v1::EndReason ReasonNamed(const std::string& name) {
  v1::EndReason reason = v1::END_REASON_UNSPECIFIED;
  if (!name.empty() && !v1::EndReason_Parse(name, &reason)) return v1::WORKER_FAULT;
  return reason;
}

}  // namespace

std::string StopWord(v1::EndReason reason) {
  return v1::EndReason_Name(reason == v1::MAX_RUNTIME ? v1::MAX_RUNTIME : v1::USER);
}

v1::Exited ExitedMessage(const v1::AttemptId& attempt, const runner::ExitRecord& record) {
  v1::Exited exited;
  *exited.mutable_attempt() = attempt;
  const ExitMeaning meaning = MeaningOf(record);
  if (meaning.exit_code.has_value()) exited.set_exit_code(*meaning.exit_code);
  exited.set_signal(record.signal);
  exited.set_reason(ReasonNamed(meaning.reason));
  exited.set_message(meaning.message);
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
