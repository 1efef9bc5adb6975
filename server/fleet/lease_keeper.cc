#include "server/fleet/lease_keeper.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "proto/status.h"
#include "server/store/attempt_store.h"

namespace xp::fleet {
namespace {

// What `xpctl run` began on a machine that went to sleep or lost its network: nobody else could run
// it, so giving it up would win nothing and lose a run that goes on. Its machine brings it back, or
// somebody stops it.
bool StaysLost(const store::LiveTrial& trial) {
  return trial.state == core::TrialState::kLost &&
         trial.resources.labels().contains(std::string(store::kTrackedRunLabel));
}

}  // namespace

void LeaseKeeper::RunOnce() {
  std::vector<Silent> lost;
  std::vector<Silent> given_up;
  {
    MutexLock lock(core_.mutex);
    const core::LeaseTable::Due due = core_.state.leases.Check(core_.clock.Monotonic());
    if (due.began_anew) {
      spdlog::warn(
          "the lease check came late (a suspended machine, a stalled disk?); every lease "
          "begins anew");
    }
    lost = Resolve(due.lost, Due::kToLose);
    given_up = Resolve(due.requeue, Due::kToGiveUp);
  }
  for (const Silent& silent : lost) Lose(silent);
  for (const Silent& silent : given_up) GiveUp(silent);
  GiveUpFinishing();
}

std::vector<LeaseKeeper::Silent> LeaseKeeper::Resolve(const std::vector<core::AttemptKey>& keys,
                                                      Due due) {
  std::vector<Silent> silent;
  for (const core::AttemptKey& key : keys) {
    const store::LiveTrial* trial = core_.state.Find(key.trial);
    if (trial == nullptr || trial->trial.attempt() != key.attempt) {
      core_.state.leases.Release(key);
      continue;
    }
    if (due == Due::kToGiveUp && StaysLost(*trial)) {
      spdlog::info("{} stays lost until its machine is back", trial->trial.name());
      core_.state.leases.Release(key);
      continue;
    }
    silent.push_back({key, ToAttemptId(*trial), trial->trial.worker()});
  }
  return silent;
}

void LeaseKeeper::Tell(const Silent& silent, std::string_view what, const absl::Status& status) {
  const std::string attempt =
      absl::StrCat("attempt ", silent.attempt.number(), " of ", silent.attempt.trial_uid());
  if (status.ok()) {
    told_.erase(attempt);
  } else if (std::exchange(told_[attempt], status.code()) != status.code()) {
    spdlog::error("{} cannot be {}: {}", attempt, what, FormatStatus(status));
  }
}

void LeaseKeeper::Lose(const Silent& silent) {
  const absl::Status status = core_.store.Apply([&](store::WriteContext& context) {
    return context.attempts().LeaseExpired(silent.attempt);
  });
  Tell(silent, "noted as lost", status);
  if (!status.ok()) {
    // An I/O error is tried again; what the state refuses would be refused for ever.
    if (status.code() != absl::StatusCode::kFailedPrecondition) return;
  }
  // Also for a STOPPING one, whose state does not show it.
  MutexLock lock(core_.mutex);
  if (!core_.state.leases.IsLost(silent.key)) {
    core_.state.leases.MarkLost(silent.key, core_.clock.Monotonic());
  }
}

void LeaseKeeper::GiveUp(const Silent& silent) {
  const absl::Status status = core_.store.Apply([&](store::WriteContext& context) {
    return context.attempts().GiveUp(
        silent.attempt,
        absl::StrCat("worker ", silent.worker, " has been silent for more than ",
                     absl::FormatDuration(core_.settings.lease.lease + core_.settings.lease.lost)));
  });
  Tell(silent, "given up", status);
  if (status.ok()) return;
  if (status.code() != absl::StatusCode::kFailedPrecondition) return;
  MutexLock lock(core_.mutex);
  core_.state.leases.Release(silent.key);
}

void LeaseKeeper::GiveUpFinishing() {
  const absl::Time before = core_.clock.Now() - core_.settings.finishing;
  {
    MutexLock lock(core_.mutex);
    const auto& trials = core_.state.trials();
    const bool any = std::any_of(trials.begin(), trials.end(), [&](const auto& entry) {
      const store::LiveTrial& trial = entry.second;
      return trial.state == core::TrialState::kFinishing &&
             absl::FromUnixSeconds(trial.trial.update_time().seconds()) < before;
    });
    if (!any) return;
  }
  const absl::Status status = core_.store.Apply([&](store::WriteContext& context) {
    return context.attempts().GiveUpFinishing(before).status();
  });
  if (!status.ok()) spdlog::error("FINISHING trials: {}", FormatStatus(status));
}

absl::Duration LeaseKeeper::NextDue() {
  MutexLock lock(core_.mutex);
  const auto due = core_.state.leases.NextDue();
  if (!due.has_value()) return core_.settings.tick;
  // The floor keeps a lease that cannot be settled (a full disk) from becoming a busy loop.
  return std::clamp(*due - core_.clock.Monotonic(),
                    std::min(absl::Milliseconds(100), core_.settings.tick), core_.settings.tick);
}

}  // namespace xp::fleet
