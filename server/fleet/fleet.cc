#include "server/fleet/fleet.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "proto/status.h"
#include "server/fleet/convert.h"
#include "server/fleet/explain.h"
#include "server/fleet/greeting.h"
#include "server/store/admin_store.h"
#include "server/store/trial_store.h"

namespace xp::fleet {
namespace {

// Beyond this the worker's clock makes times misleading (DESIGN section 10).
constexpr absl::Duration kClockDistanceShown = absl::Seconds(1);

v1::ServerMessage DeletedMessage(const store::TrialDeletion& deletion) {
  v1::ServerMessage message;
  v1::Refused& refused = *message.mutable_refused();
  refused.mutable_attempt()->set_trial_uid(deletion.uid);
  refused.mutable_attempt()->set_number(deletion.key.attempt);
  refused.set_code(static_cast<int>(absl::StatusCode::kNotFound));
  refused.set_message(deletion.experiment + "/" + deletion.name + " was deleted");
  return message;
}

}  // namespace

Fleet::Fleet(store::Store& store, Clock& clock, const FleetSettings& settings)
    : core_(store, clock, settings), dispatcher_(core_), lease_keeper_(core_) {}

Fleet::~Fleet() { Stop(); }

absl::Status Fleet::Load() {
  core_.store.AddListener(this);
  listening_ = true;
  XP_ASSIGN_OR_RETURN(const std::vector<store::LiveTrial> trials, core_.store.trials().ListLive());
  MutexLock lock(core_.mutex);
  for (const store::LiveTrial& trial : trials) {
    // What a commit told meanwhile is newer.
    if (core_.state.Find(trial.id) == nullptr) {
      core_.state.Update(trial, core_.clock.Monotonic());
    }
  }
  core_.Wake();
  return absl::OkStatus();
}

absl::Status Fleet::Start() {
  XP_RETURN_IF_ERROR(Load());
  thread_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

void Fleet::Stop() {
  {
    MutexLock lock(core_.mutex);
    core_.stopping = true;
    for (auto& [name, session] : core_.state.sessions) {
      session->outbox->Close(absl::UnavailableError("the server is stopping; connect again"));
    }
    core_.Wake();
  }
  if (thread_.joinable()) thread_.join();
  if (std::exchange(listening_, false)) core_.store.RemoveListener(this);
}

void Fleet::RunOnce() {
  lease_keeper_.RunOnce();
  dispatcher_.RunOnce();
}

void Fleet::Loop() {
  while (true) {
    RunOnce();
    const absl::Duration wait = lease_keeper_.NextDue();
    MutexLock lock(core_.mutex);
    if (!core_.changed && !core_.stopping) {
      core_.wake.WaitFor(core_.mutex, absl::ToChronoNanoseconds(wait));
    }
    if (core_.stopping) return;
  }
}

absl::StatusOr<std::unique_ptr<WorkerSession>> Fleet::Connect(const v1::Hello& hello,
                                                              std::shared_ptr<Outbox> outbox) {
  XP_RETURN_IF_ERROR(CheckHello(hello));
  auto session = std::make_shared<Session>();
  session->hello = hello;
  session->outbox = std::move(outbox);
  if (hello.has_now()) session->clock_distance = FromProto(hello.now()) - core_.clock.Now();
  session->checkpoints.insert(hello.checkpoint_trial_uids().begin(),
                              hello.checkpoint_trial_uids().end());
  for (const v1::HeldAttempt& held : hello.held()) {
    session->checkpoints.insert(held.attempt().trial_uid());
  }
  {
    // Before the change: what commits from now on say to this worker waits in `held_back`.
    MutexLock lock(core_.mutex);
    if (core_.stopping) return absl::UnavailableError("the server is stopping; connect again");
    session->last_heard = core_.clock.Monotonic();
    auto& current = core_.state.sessions[hello.worker()];
    if (current != nullptr) {
      current->outbox->Close(absl::AbortedError("a newer stream of this worker has begun"));
    }
    current = session;
  }
  auto handle = std::make_unique<WorkerSession>(core_, session);
  Greeting greeting;
  XP_RETURN_IF_ERROR(core_.store.Apply([&](store::WriteContext& context) -> absl::Status {
    XP_ASSIGN_OR_RETURN(greeting, Greet(context, hello));
    return absl::OkStatus();
  }));
  v1::ServerMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_store_id(core_.store.admin().store_id());
  *welcome.mutable_settings()->mutable_heartbeat_period() = ToProto(core_.settings.heartbeat);
  *welcome.mutable_settings()->mutable_lease() = ToProto(core_.settings.lease.lease);
  *welcome.mutable_settings()->mutable_stop_grace() = ToProto(core_.settings.stop_grace);
  *welcome.mutable_now() = ToProto(core_.clock.Now());
  welcome.set_drained(greeting.worker.drained());
  for (v1::Verdict& verdict : greeting.verdicts) *welcome.add_verdicts() = std::move(verdict);
  spdlog::info("worker {} connected from {} with {} slots, {} attempts held{}", hello.worker(),
               hello.host(), hello.slots_size(), hello.held_size(),
               greeting.worker.drained() ? " (drained)" : "");
  if (absl::AbsDuration(session->clock_distance) > kClockDistanceShown) {
    spdlog::warn("worker {}: its clock is {} from the server's", hello.worker(),
                 absl::FormatDuration(session->clock_distance));
  }
  MutexLock lock(core_.mutex);
  session->outbox->Send(std::move(message));
  session->welcomed = true;
  session->drained = greeting.worker.drained();
  session->drain_reason = greeting.worker.drain_reason();
  session->said_drained = session->drained;  // Welcome says it
  for (v1::ServerMessage& waiting : std::exchange(session->held_back, {})) {
    session->outbox->Send(std::move(waiting));
  }
  for (const store::LiveTrial* trial : core_.state.HeldBy(hello.worker())) {
    core_.state.leases.Renew(trial->key(), core_.clock.Monotonic());
  }
  core_.Wake();
  return handle;
}

void Fleet::OnCommit(const store::CommittedChanges& changes) {
  MutexLock lock(core_.mutex);
  const absl::Duration now = core_.clock.Monotonic();
  for (const store::TrialChange& change : changes.trials) {
    const store::LiveTrial& trial = *change.trial;
    const store::LiveTrial* before = core_.state.Find(trial.id);
    const bool stops = trial.state == core::TrialState::kStopping &&
                       (before == nullptr || before->state != core::TrialState::kStopping);
    core_.state.Update(trial, now);
    Session* session = core_.state.FindSession(trial.trial.worker());
    if (stops && session != nullptr) session->Say(StopMessage(trial));
  }
  for (const store::TrialDeletion& deletion : changes.deletions) {
    core_.state.Erase(deletion.key.trial);
    Session* session = core_.state.FindSession(deletion.worker);
    if (session != nullptr) session->Say(DeletedMessage(deletion));
  }
  for (const store::AttemptConfirmation& confirmation : changes.confirmations) {
    Session* session = core_.state.FindSession(confirmation.worker);
    if (session == nullptr) continue;
    v1::ServerMessage message;
    v1::AttemptId& attempt = *message.mutable_confirmed()->mutable_attempt();
    attempt.set_trial_uid(confirmation.uid);
    attempt.set_number(confirmation.key.attempt);
    session->Say(std::move(message));
  }
  for (const store::WorkerChange& change : changes.workers) {
    if (!change.drained) core_.state.health.Forget(change.worker);
    Session* session = core_.state.FindSession(change.worker);
    if (session == nullptr) continue;
    session->drained = change.drained;
    session->drain_reason = change.reason;
    if (!change.drained) {
      session->said_drained = false;
    } else if (!std::exchange(session->said_drained, true)) {
      v1::ServerMessage message;
      message.mutable_drained()->set_message(change.reason);
      session->Say(std::move(message));
    }
  }
  if (!changes.trials.empty() || !changes.deletions.empty() || !changes.workers.empty()) {
    core_.Wake();
  }
}

void Fleet::Describe(v1::Worker* worker) {
  MutexLock lock(core_.mutex);
  for (const store::LiveTrial* trial : core_.state.HeldBy(worker->name())) {
    if (OccupiesSlots(trial->state)) worker->add_running(trial->trial.name());
  }
  const Session* session = core_.state.FindSession(worker->name());
  worker->set_connected(session != nullptr);
  if (session == nullptr) return;
  *worker->mutable_last_seen_time() = ToProto(LastHeard(*session, core_.clock));
  *worker->mutable_clock_distance() = ToProto(session->clock_distance);
  worker->set_free_slots(core_.state.FreeSlots(*session));
}

int Fleet::ConnectedWorkers() {
  MutexLock lock(core_.mutex);
  return static_cast<int>(core_.state.sessions.size());
}

absl::StatusOr<v1::ExplainTrialResponse> Fleet::Explain(std::string_view name) {
  return fleet::Explain(core_, name);
}

}  // namespace xp::fleet
