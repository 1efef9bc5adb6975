#include "worker/daemon/attempt_loop.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "worker/capture/metric_rules.h"
#include "worker/daemon/proto_time.h"

namespace xp::daemon {
namespace {

// How long mail may be waited for while there is something to look after, and while there is not.
constexpr absl::Duration kActive = absl::Milliseconds(100);
constexpr absl::Duration kWaiting = absl::Seconds(1);

// The definitions were compiled by the same function at submit: a failure here is a server of
// another version. Then the log is reported without points, which backfill can add later.
std::shared_ptr<const capture::MetricRules> RulesOf(const v1::TrialSpec& spec) {
  std::vector<capture::MetricDefinition> definitions;
  for (const v1::MetricDefinition& definition : spec.metric_definitions()) {
    definitions.push_back({.name = definition.name(), .regex = definition.regex()});
  }
  auto rules = capture::CompileMetricRules(definitions, spec.metrics_preset());
  if (rules.ok()) return *std::move(rules);
  spdlog::error("metric definitions are not understood here, the log is kept without points: {}",
                FormatStatus(rules.status()));
  return *capture::CompileMetricRules({});
}

// TZ as the program has it.
std::optional<std::string> TzOf(const v1::TrialSpec& spec, const TrainingMachine& machine) {
  if (const auto set = spec.env().find("TZ"); set != spec.env().end()) return set->second;
  const auto inherited = machine.inherited.find("TZ");
  if (inherited == machine.inherited.end()) return std::nullopt;
  return inherited->second;
}

}  // namespace

AttemptLoop::AttemptLoop(AttemptHost& host, AttemptRecord record)
    : host_(host),
      record_(std::move(record)),
      zone_(runner::ZoneOfProgram(TzOf(record_.assignment.spec(), host.machine))) {
  label_ = absl::StrCat(record_.assignment.trial_name(), " attempt ", record_.id().number());
  log_ = std::make_unique<LogPump>(record_.paths.Runner(), RulesOf(record_.assignment.spec()),
                                   zone_.zone, host_.clock);
  metrics_ = std::make_unique<MetricsPump>(record_.paths.MetricsFile(), zone_.zone, host_.clock);
  Recover();
}

AttemptLoop::~AttemptLoop() { Stop(); }

void AttemptLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void AttemptLoop::Stop() {
  mailbox_.ShutDown();
  if (thread_.joinable()) thread_.join();
  if (snapshot_.joinable()) snapshot_.join();
}

void AttemptLoop::Recover() {
  if (record_.confirmed) return SetPhase(Phase::kOver);
  if (record_.finished.has_value()) return SetPhase(Phase::kFinished);
  if (record_.exited.has_value()) return SetPhase(Phase::kDrain);
  SetPhase(Phase::kPrepare);
  TakeUpRunner();
}

void AttemptLoop::SetPhase(Phase phase) {
  phase_ = phase;
  MutexLock lock(mutex_);
  over_ = phase == Phase::kOver;
  *held_.mutable_attempt() = record_.id();
  held_.clear_slots();
  if (record_.started.has_value()) {
    *held_.mutable_start_time() = record_.started->time();
    *held_.mutable_started() = *record_.started;
  }
  switch (phase) {
    case Phase::kPrepare:
      held_.set_phase(v1::HeldAttempt::ACCEPTED);
      *held_.mutable_slots() = record_.assignment.slots();
      break;
    case Phase::kRun:
      held_.set_phase(v1::HeldAttempt::RUNNING);
      *held_.mutable_slots() = record_.assignment.slots();
      break;
    case Phase::kDrain:
    case Phase::kUpload:
    case Phase::kFinished:
    case Phase::kOver:
      held_.set_phase(v1::HeldAttempt::EXITED);
      if (record_.exited.has_value()) *held_.mutable_exited() = *record_.exited;
      break;
  }
}

v1::HeldAttempt AttemptLoop::Describe() {
  MutexLock lock(mutex_);
  told_ = held_.phase();
  return held_;
}

bool AttemptLoop::occupies_slots() {
  MutexLock lock(mutex_);
  return held_.phase() != v1::HeldAttempt::EXITED;
}

bool AttemptLoop::RunsOn(const google::protobuf::RepeatedField<int32_t>& slots) {
  MutexLock lock(mutex_);
  const bool runs =
      held_.phase() == v1::HeldAttempt::RUNNING || held_.phase() == v1::HeldAttempt::UNWATCHED;
  return runs && std::any_of(slots.begin(), slots.end(), [&](int32_t slot) {
           return std::find(held_.slots().begin(), held_.slots().end(), slot) !=
                  held_.slots().end();
         });
}

v1::Heartbeat AttemptLoop::MakeHeartbeat() {
  v1::Heartbeat heartbeat;
  *heartbeat.add_attempts() = id();
  MutexLock lock(mutex_);
  const absl::Duration silent_for = silent_until_ - host_.clock.Monotonic();
  if (silent_for > absl::ZeroDuration()) *heartbeat.mutable_silent_for() = ToProto(silent_for);
  return heartbeat;
}

void AttemptLoop::Run() {
  while (!over_) {
    const Mail mail = mailbox_.Take(Patience());
    if (mail.shutting_down) return;
    TakeMail(mail);
    Step();
  }
}

absl::Duration AttemptLoop::Patience() const {
  const bool busy = phase_ == Phase::kPrepare || phase_ == Phase::kRun ||
                    (phase_ == Phase::kDrain && stream_ != 0);
  return busy ? kActive : kWaiting;
}

void AttemptLoop::Step() {
  if (unnoted_) {
    if (host_.clock.Monotonic() >= next_try_) GetOver();
    return;
  }
  SayStatesAgain();
  if (!said_accepted_ && phase_ == Phase::kPrepare && stream_ != 0) {
    v1::WorkerMessage message;
    *message.mutable_accepted()->mutable_attempt() = record_.id();
    said_accepted_ = Say(std::move(message));
  }
  const Phase before = phase_;
  switch (phase_) {
    case Phase::kPrepare:
      Prepare();
      break;
    case Phase::kRun:
      Watch();
      break;
    case Phase::kDrain:
      Drain();
      break;
    case Phase::kUpload:
      Upload();
      break;
    case Phase::kFinished:
      if (!said_finished_ && stream_ != 0) {
        v1::WorkerMessage message;
        *message.mutable_finished() = *record_.finished;
        said_finished_ = Say(std::move(message));
      }
      break;
    case Phase::kOver:
      break;
  }
  if (phase_ != before && !over_ && phase_ != Phase::kRun) Step();  // go on without waiting
}

void AttemptLoop::SayState(const std::string& what) {
  if (what == said_state_ || stream_ == 0) return;
  said_state_ = what;
  v1::WorkerMessage message;
  *message.mutable_state_update()->mutable_attempt() = record_.id();
  message.mutable_state_update()->set_message(what);
  Say(std::move(message));
}

}  // namespace xp::daemon
