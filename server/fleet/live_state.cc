#include "server/fleet/live_state.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "proto/status.h"
#include "server/store/attempt_store.h"

namespace xp::fleet {
namespace {

std::vector<std::string> LabelList(const google::protobuf::Map<std::string, std::string>& labels) {
  std::vector<std::string> list;
  for (const auto& [key, value] : labels) list.push_back(absl::StrCat(key, "=", value));
  std::sort(list.begin(), list.end());
  return list;
}

// Until when a trial holds its slots at the latest, from now.
absl::Duration BusyFor(const store::LiveTrial& trial, absl::Time wall) {
  if (trial.time_limit_ms <= 0) return absl::InfiniteDuration();
  const absl::Duration limit = absl::Milliseconds(trial.time_limit_ms);
  const v1::Attempt& attempt = trial.trial.latest_attempt();
  if (!attempt.has_start_time()) return limit;
  const absl::Time start = absl::FromUnixSeconds(attempt.start_time().seconds());
  return std::max(absl::ZeroDuration(), limit - (wall - start));
}

}  // namespace

void Session::Say(v1::ServerMessage message) {
  if (welcomed) {
    outbox->Send(std::move(message));
  } else {
    held_back.push_back(std::move(message));
  }
}

absl::Time LastHeard(const Session& session, Clock& clock) {
  return clock.Now() - (clock.Monotonic() - session.last_heard);
}

bool OccupiesSlots(core::TrialState state) {
  switch (state) {
    case core::TrialState::kAssigned:
    case core::TrialState::kRunning:
    case core::TrialState::kStopping:
    case core::TrialState::kLost:
      return true;
    default:
      return false;
  }
}

v1::AttemptId ToAttemptId(const store::LiveTrial& trial) {
  v1::AttemptId id;
  id.set_trial_uid(trial.trial.uid());
  id.set_number(trial.trial.attempt());
  return id;
}

v1::ServerMessage StopMessage(const store::LiveTrial& trial) {
  v1::ServerMessage message;
  *message.mutable_stop()->mutable_attempt() = ToAttemptId(trial);
  message.mutable_stop()->set_reason(trial.stop == core::StopReason::kMaxRuntime ? v1::MAX_RUNTIME
                                                                                 : v1::USER);
  return message;
}

void LiveState::Update(const store::LiveTrial& trial, absl::Duration now) {
  const store::LiveTrial* before = Find(trial.id);
  const core::AttemptKey key = trial.key();
  if (before != nullptr && before->key() != key) leases.Release(before->key());
  if (!OccupiesSlots(trial.state)) {
    leases.Release(key);
  } else if (!leases.Holds(key)) {
    trial.state == core::TrialState::kLost ? leases.GrantLost(key, now) : leases.Grant(key, now);
  } else if (trial.state == core::TrialState::kLost) {
    if (!leases.IsLost(key)) leases.MarkLost(key, now);
  } else if (leases.IsLost(key) && before != nullptr && before->state == core::TrialState::kLost) {
    leases.Grant(key, now);  // its worker is back
  }
  if (before != nullptr && before->state == core::TrialState::kQueued) --queued_;
  if (core::IsEnded(trial.state)) {
    if (before != nullptr) {
      by_uid_.erase(trial.trial.uid());
      trials_.erase(trial.id);
    }
    return;
  }
  if (trial.state == core::TrialState::kQueued) ++queued_;
  by_uid_[trial.trial.uid()] = trial.id;
  trials_.insert_or_assign(trial.id, trial);
}

void LiveState::Erase(core::TrialId id) {
  const auto found = trials_.find(id);
  if (found == trials_.end()) return;
  if (found->second.state == core::TrialState::kQueued) --queued_;
  leases.Release(found->second.key());
  by_uid_.erase(found->second.trial.uid());
  trials_.erase(found);
}

const store::LiveTrial* LiveState::Find(core::TrialId id) const {
  const auto found = trials_.find(id);
  return found == trials_.end() ? nullptr : &found->second;
}

const store::LiveTrial* LiveState::Find(std::string_view uid) const {
  const auto found = by_uid_.find(ToAbsl(uid));
  return found == by_uid_.end() ? nullptr : Find(found->second);
}

std::vector<core::WaitingTrial> LiveState::Waiting(absl::Time wall) const {
  std::vector<core::WaitingTrial> waiting;
  waiting.reserve(queued_);
  for (const auto& [id, trial] : trials_) {
    if (trial.state != core::TrialState::kQueued) continue;
    core::WaitingTrial entry;
    entry.id = id;
    entry.name = trial.trial.name();
    entry.priority = trial.trial.priority();
    entry.order = trial.queue_order;
    entry.waited = wall - absl::FromUnixMillis(trial.queued_time_ms);
    entry.need.gpus = trial.resources.gpus();
    entry.need.gpu_memory_bytes = trial.resources.gpu_memory_bytes();
    entry.need.labels = LabelList(trial.resources.labels());
    entry.checkpoint_worker = CheckpointWorker(trial);
    entry.faulted_workers = trial.faulted_workers;
    waiting.push_back(std::move(entry));
  }
  return waiting;
}

std::string LiveState::CheckpointWorker(const store::LiveTrial& trial) const {
  if (trial.trial.attempt() == 0) return "";
  const auto holds = [&](const Session* session) {
    return session != nullptr && session->checkpoints.contains(trial.trial.uid());
  };
  if (holds(FindSession(trial.trial.worker()))) return trial.trial.worker();
  for (const auto& [name, session] : sessions) {
    if (holds(session.get())) return name;
  }
  return trial.trial.worker();
}

std::vector<core::WorkerView> LiveState::Workers(absl::Duration now, absl::Time wall) const {
  // Which slot is taken until when, by worker: one pass over the trials.
  absl::flat_hash_map<std::string, absl::flat_hash_map<int, absl::Duration>> busy;
  for (const auto& [id, trial] : trials_) {
    if (!OccupiesSlots(trial.state)) continue;
    for (const int slot : trial.trial.latest_attempt().slots()) {
      busy[trial.trial.worker()][slot] = BusyFor(trial, wall);
    }
  }
  std::vector<core::WorkerView> views;
  for (const auto& [name, session] : sessions) {
    core::WorkerView view;
    view.name = name;
    if (session->drained) {
      view.condition = core::WorkerView::Condition::kDrained;
      view.condition_reason = session->drain_reason;
    } else if (!session->welcomed || now - session->last_heard > settings_.lease.lease) {
      view.condition = core::WorkerView::Condition::kSilent;
    } else if (session->hello.once() && session->said_drained) {
      view.condition = core::WorkerView::Condition::kDrained;
      view.condition_reason = "it leaves (--once)";
    }
    view.labels = LabelList(session->hello.labels());
    const auto run = session->hello.labels().find(std::string(store::kTrackedRunLabel));
    if (run != session->hello.labels().end()) view.only_for = run->first + "=" + run->second;
    for (const v1::Slot& slot : session->hello.slots()) {
      core::Slot entry;
      entry.kind =
          slot.kind() == v1::SLOT_KIND_GPU ? core::Slot::Kind::kGpu : core::Slot::Kind::kCpu;
      entry.index = slot.index();
      entry.memory_bytes = slot.memory_bytes();
      const auto& taken = busy[name];
      if (const auto found = taken.find(slot.index()); found != taken.end()) {
        entry.busy_for = found->second;
      }
      view.slots.push_back(entry);
    }
    views.push_back(std::move(view));
  }
  return views;
}

absl::flat_hash_set<int> LiveState::BusySlots(std::string_view worker) const {
  absl::flat_hash_set<int> busy;
  for (const auto& [id, trial] : trials_) {
    if (!OccupiesSlots(trial.state) || trial.trial.worker() != worker) continue;
    for (const int slot : trial.trial.latest_attempt().slots()) busy.insert(slot);
  }
  return busy;
}

int LiveState::FreeSlots(const Session& session) const {
  const absl::flat_hash_set<int> busy = BusySlots(session.hello.worker());
  const auto free = [&](const v1::Slot& slot) { return !busy.contains(slot.index()); };
  return static_cast<int>(
      std::count_if(session.hello.slots().begin(), session.hello.slots().end(), free));
}

std::vector<const store::LiveTrial*> LiveState::HeldBy(std::string_view worker) const {
  std::vector<const store::LiveTrial*> held;
  for (const auto& [id, trial] : trials_) {
    const bool here = OccupiesSlots(trial.state) || trial.state == core::TrialState::kFinishing;
    if (here && trial.trial.worker() == worker) held.push_back(&trial);
  }
  return held;
}

Session* LiveState::FindSession(std::string_view worker) {
  const auto found = sessions.find(worker);
  return found == sessions.end() ? nullptr : found->second.get();
}

const Session* LiveState::FindSession(std::string_view worker) const {
  const auto found = sessions.find(worker);
  return found == sessions.end() ? nullptr : found->second.get();
}

}  // namespace xp::fleet
