#include "server/fleet/dispatcher.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "proto/status.h"

namespace xp::fleet {

int Dispatcher::RunOnce() {
  std::vector<Pending> pending = Plan();
  Store(&pending);
  int assigned = 0;
  for (Pending& assignment : pending) {
    if (assignment.stored.ok()) ++assigned;
    Push(assignment);
  }
  SayDrained();
  return assigned;
}

std::vector<Dispatcher::Pending> Dispatcher::Plan() {
  MutexLock lock(core_.mutex);
  core_.changed = false;
  if (!core_.state.HasWaiting() || core_.state.sessions.empty()) return {};
  const absl::Time wall = core_.clock.Now();
  std::vector<core::WorkerView> workers = core_.state.Workers(core_.clock.Monotonic(), wall);
  bool any_free = false;
  for (const core::WorkerView& worker : workers) {
    if (worker.condition != core::WorkerView::Condition::kReady) continue;
    for (const core::Slot& slot : worker.slots) any_free |= !slot.busy_for.has_value();
  }
  if (!any_free) return {};
  const core::PlacementPlan plan =
      core::PlanPlacement(core_.state.Waiting(wall), std::move(workers), core_.settings.placement);
  std::vector<Pending> pending;
  for (const core::Assignment& planned : plan.assignments) {
    const store::LiveTrial* trial = core_.state.Find(planned.trial);
    const auto session = core_.state.sessions.find(planned.worker);
    if (trial == nullptr || session == core_.state.sessions.end()) continue;
    pending.push_back({MakeRequest(planned, *trial, *session->second), session->second});
  }
  return pending;
}

store::AssignRequest Dispatcher::MakeRequest(const core::Assignment& planned,
                                             const store::LiveTrial& trial,
                                             const Session& session) {
  store::AssignRequest request;
  request.trial = planned.trial;
  request.worker = planned.worker;
  request.slots.assign(planned.slots.begin(), planned.slots.end());
  request.why = planned.why;
  const int32_t predecessor = trial.trial.attempt();
  if (predecessor == 0) return request;
  if (session.checkpoints.contains(trial.trial.uid())) {
    // The worker takes the newest folder that it has up to this one's.
    request.checkpoint_from_attempt = predecessor;
  } else {
    request.checkpoint_note =
        trial.trial.worker() == planned.worker
            ? absl::StrCat("empty: attempt ", predecessor, "'s is not on this worker any more")
            : absl::StrCat("empty: attempt ", predecessor, "'s lies on worker ",
                           trial.trial.worker());
  }
  return request;
}

void Dispatcher::Store(std::vector<Pending>* pending) {
  // All are handed over before the first is waited for, so that they share a transaction.
  Mutex mutex;
  CondVar answered;
  size_t missing = pending->size();
  for (Pending& assignment : *pending) {
    core_.store.Enqueue(
        [&assignment](store::WriteContext& context) -> absl::Status {
          assignment.stored = context.attempts().Assign(assignment.request);
          return assignment.stored.status();
        },
        [&](const absl::Status& status) {
          MutexLock lock(mutex);
          if (!status.ok()) assignment.stored = status;
          --missing;
          answered.NotifyOne();
        });
  }
  MutexLock lock(mutex);
  while (missing > 0) answered.Wait(mutex);
}

void Dispatcher::Push(Pending& pending) {
  if (!pending.stored.ok()) {
    // FAILED_PRECONDITION, NOT_FOUND: it was stopped or deleted between plan and commit.
    const absl::StatusCode code = pending.stored.status().code();
    const bool overtaken =
        code == absl::StatusCode::kFailedPrecondition || code == absl::StatusCode::kNotFound;
    spdlog::log(overtaken ? spdlog::level::debug : spdlog::level::err,
                "cannot assign a trial to {}: {}", pending.request.worker,
                FormatStatus(pending.stored.status()));
    return;
  }
  const v1::AttemptId attempt = pending.stored->attempt();
  {
    MutexLock lock(core_.mutex);
    const auto current = core_.state.sessions.find(pending.request.worker);
    if (current != core_.state.sessions.end() && current->second == pending.session) {
      pending.session->checkpoints.insert(attempt.trial_uid());
      v1::ServerMessage message;
      *message.mutable_assignment() = *std::move(pending.stored);
      pending.session->Say(std::move(message));
      // A stop that committed before this was pushed went to a worker that did not know the
      // attempt.
      const store::LiveTrial* trial = core_.state.Find(attempt.trial_uid());
      if (trial != nullptr && trial->trial.attempt() == attempt.number() &&
          trial->state == core::TrialState::kStopping) {
        pending.session->Say(StopMessage(*trial));
      }
      return;
    }
  }
  // The stream ended meanwhile; nobody was told of this attempt.
  const absl::Status status = core_.store.Apply([&](store::WriteContext& context) {
    return context.attempts().NotTaken(
        attempt, absl::StrCat("worker ", pending.request.worker, " left before it was told"));
  });
  if (!status.ok()) {
    spdlog::info("attempt {} of {} was settled by the worker's new stream: {}", attempt.number(),
                 attempt.trial_uid(), FormatStatus(status));
  }
}

void Dispatcher::SayDrained() {
  MutexLock lock(core_.mutex);
  if (core_.changed) return;  // a newer plan comes first: it may still fill the slots
  for (auto& [name, session] : core_.state.sessions) {
    if (!session->hello.once() || session->said_drained || !session->welcomed) continue;
    if (!core_.state.HeldBy(name).empty()) continue;
    session->said_drained = true;
    v1::ServerMessage message;
    message.mutable_drained()->set_message("nothing that waits fits here, and nothing runs");
    session->Say(std::move(message));
  }
}

}  // namespace xp::fleet
