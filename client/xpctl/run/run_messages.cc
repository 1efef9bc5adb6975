#include "client/xpctl/run/run_messages.h"

#include <unistd.h>

#include <array>

#include "worker/runner/exit_meaning.h"
#include "worker/runner/time_zone.h"

namespace xp::xpctl {
namespace {

constexpr const char* kLabel = "xp.run";

void SetTime(int64_t ms, google::protobuf::Timestamp* out) {
  out->set_seconds(ms / 1000);
  out->set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
}

template <class Message>
void AddEnds(uint64_t log_bytes, uint64_t metrics_bytes, Message* message) {
  v1::SourceOffset& log = *message->add_ends();
  log.set_source(v1::SOURCE_KIND_LOG);
  log.set_offset(log_bytes);
  if (metrics_bytes == 0) return;
  v1::SourceOffset& metrics = *message->add_ends();
  metrics.set_source(v1::SOURCE_KIND_METRICS_FILE);
  metrics.set_offset(metrics_bytes);
}

v1::Exited Exited(const RunRecord& record, const runner::RunnerState& state, absl::Time now) {
  v1::Exited exited;
  SetAttempt(record, exited.mutable_attempt());
  if (!state.exit) {
    exited.set_reason(v1::TRACKER_GONE);
    exited.set_message("the runner is gone and with it how the command ended");
    SetTime(absl::ToUnixMillis(now), exited.mutable_time());
    return exited;
  }
  const runner::ExitRecord& end = *state.exit;
  const runner::ExitMeaning meaning = runner::MeaningOf(end);
  if (meaning.exit_code.has_value()) exited.set_exit_code(*meaning.exit_code);
  exited.set_signal(end.signal);
  v1::EndReason reason = v1::END_REASON_UNSPECIFIED;
  if (!meaning.reason.empty() && !v1::EndReason_Parse(meaning.reason, &reason)) {
    reason = v1::WORKER_FAULT;
  }
  exited.set_reason(reason);
  exited.set_message(meaning.message);
  SetTime(end.end_time_ms, exited.mutable_time());
  exited.mutable_run_time()->set_seconds(end.run_time_ms / 1000);
  exited.mutable_run_time()->set_nanos(static_cast<int32_t>(end.run_time_ms % 1000 * 1'000'000));
  return exited;
}

std::string HostName() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

void SetAttempt(const RunRecord& record, v1::AttemptId* attempt) {
  attempt->set_trial_uid(record.trial_uid);
  attempt->set_number(record.attempt);
}

v1::SubmitExperimentRequest SubmitRequestOf(const RunRecord& record) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name(record.experiment);
  request.set_request_id("run-" + record.id);
  v1::Trial& trial = *request.add_trials();
  trial.set_name(record.trial);
  v1::TrialSpec& spec = *trial.mutable_spec();
  for (const std::string& argument : record.command) spec.add_command(argument);
  for (const capture::MetricDefinition& metric : record.metrics) {
    v1::MetricDefinition& definition = *spec.add_metric_definitions();
    definition.set_name(metric.name);
    definition.set_regex(metric.regex);
  }
  spec.set_metrics_preset(record.preset);
  (*spec.mutable_resources()->mutable_labels())[kLabel] = record.id;
  return request;
}

v1::WorkerMessage HelloOf(const RunRecord& record, absl::Time now) {
  v1::WorkerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_worker("run-" + record.id);
  hello.set_instance_id(std::to_string(absl::ToUnixNanos(now)));
  hello.set_version(XP_VERSION);
  hello.set_host(HostName());
  hello.add_slots()->set_kind(v1::SLOT_KIND_CPU);
  (*hello.mutable_labels())[kLabel] = record.id;
  SetTime(absl::ToUnixMillis(now), hello.mutable_now());
  if (record.trial_uid.empty()) return message;
  v1::HeldAttempt& held = *hello.add_held();
  SetAttempt(record, held.mutable_attempt());
  SetTime(record.start_time_ms, held.mutable_start_time());
  // Exited is told once the log's end is known; until then the run counts as going on.
  held.set_phase(v1::HeldAttempt::RUNNING);
  held.add_slots(0);
  return message;
}

v1::WorkerMessage AcceptedOf(const RunRecord& record) {
  v1::WorkerMessage message;
  SetAttempt(record, message.mutable_accepted()->mutable_attempt());
  return message;
}

v1::WorkerMessage StartedOf(const RunRecord& record) {
  v1::WorkerMessage message;
  SetAttempt(record, message.mutable_started()->mutable_attempt());
  SetTime(record.start_time_ms, message.mutable_started()->mutable_time());
  const runner::ProgramZone zone = runner::ZoneOfOurs();
  message.mutable_started()->set_time_zone(zone.name);
  message.mutable_started()->set_utc_offset_seconds(
      zone.zone.At(absl::FromUnixMillis(record.start_time_ms)).offset);
  return message;
}

v1::WorkerMessage HeartbeatOf(const RunRecord& record) {
  v1::WorkerMessage message;
  v1::Heartbeat& heartbeat = *message.mutable_heartbeat();
  if (!record.trial_uid.empty()) SetAttempt(record, heartbeat.add_attempts());
  return message;
}

v1::WorkerMessage ExitedOf(const RunRecord& record, const runner::RunnerState& state,
                           uint64_t log_bytes, uint64_t metrics_bytes, absl::Time now) {
  v1::WorkerMessage message;
  *message.mutable_exited() = Exited(record, state, now);
  AddEnds(log_bytes, metrics_bytes, message.mutable_exited());
  return message;
}

v1::WorkerMessage FinishedOf(const RunRecord& record, uint64_t log_bytes, uint64_t metrics_bytes) {
  v1::WorkerMessage message;
  SetAttempt(record, message.mutable_finished()->mutable_attempt());
  AddEnds(log_bytes, metrics_bytes, message.mutable_finished());
  return message;
}

}  // namespace xp::xpctl
