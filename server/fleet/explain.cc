#include "server/fleet/explain.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "server/fleet/convert.h"
#include "server/store/trial_store.h"

namespace xp::fleet {
namespace {

// "3 min": one unit is enough for people.
std::string Roughly(absl::Duration duration) {
  if (duration < absl::Seconds(1)) return "less than a second";
  if (duration < absl::Minutes(2)) return absl::StrCat(absl::ToInt64Seconds(duration), " s");
  if (duration < absl::Hours(2)) return absl::StrCat(absl::ToInt64Minutes(duration), " min");
  return absl::StrCat(absl::ToInt64Hours(duration), " h");
}

int PositionOf(core::TrialId id, const std::vector<core::WaitingTrial>& waiting) {
  const auto self = std::find_if(waiting.begin(), waiting.end(),
                                 [&](const core::WaitingTrial& trial) { return trial.id == id; });
  if (self == waiting.end()) return 0;
  return 1 + static_cast<int>(std::count_if(
                 waiting.begin(), waiting.end(), [&](const core::WaitingTrial& other) {
                   return other.priority > self->priority ||
                          (other.priority == self->priority && other.order < self->order);
                 }));
}

void ExplainQueued(FleetCore& core, const store::LiveTrial& trial,
                   v1::ExplainTrialResponse* response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(core.mutex) {
  const absl::Time wall = core.clock.Now();
  std::vector<core::WaitingTrial> waiting = core.state.Waiting(wall);
  response->set_queue_position(PositionOf(trial.id, waiting));
  const core::WaitExplanation explanation =
      core::ExplainWait(trial.id, std::move(waiting),
                        core.state.Workers(core.clock.Monotonic(), wall), core.settings.placement);
  response->set_summary(
      absl::StrCat("QUEUED for ", Roughly(wall - absl::FromUnixMillis(trial.queued_time_ms)),
                   ", number ", response->queue_position(), " in the queue: ",
                   explanation.placed.has_value()
                       ? absl::StrCat("goes to worker ", explanation.placed->worker, " now")
                       : explanation.summary));
  for (const core::WorkerExplanation& worker : explanation.workers) {
    v1::WorkerExplanation* line = response->add_workers();
    line->set_worker(worker.worker);
    line->set_explanation(worker.text);
  }
}

std::string DescribeHeld(FleetCore& core, const store::LiveTrial& trial)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(core.mutex) {
  const std::string where =
      absl::StrCat("attempt ", trial.trial.attempt(), " on worker ", trial.trial.worker());
  const bool connected = core.state.FindSession(trial.trial.worker()) != nullptr;
  const std::string link = connected ? "" : " (which is not connected now)";
  switch (trial.state) {
    case core::TrialState::kAssigned:
      return absl::StrCat("ASSIGNED: ", where, link, " prepares its workspace");
    case core::TrialState::kRunning:
      return absl::StrCat(
          "RUNNING: ", where, link, " for ",
          Roughly(core.clock.Now() - FromProto(trial.trial.latest_attempt().start_time())));
    case core::TrialState::kFinishing:
      return absl::StrCat("FINISHING: the process of ", where, link,
                          " has ended; its last bytes and artifacts are under way");
    case core::TrialState::kStopping:
      return absl::StrCat("STOPPING: ", where, link, " was asked to end");
    case core::TrialState::kLost:
      return absl::StrCat("LOST: ", where,
                          " is silent; it may come back, else the trial is queued again after ",
                          Roughly(core.settings.lease.lost));
    default:
      return std::string(core::StateName(trial.state));
  }
}

std::string DescribeEnded(const v1::Trial& trial) {
  std::string text = v1::TrialState_Name(trial.state());
  if (trial.reason() != v1::END_REASON_UNSPECIFIED) {
    absl::StrAppend(&text, " (", v1::EndReason_Name(trial.reason()), ")");
  }
  if (trial.attempt() > 0) {
    absl::StrAppend(&text, " after ", trial.attempt(),
                    trial.attempt() == 1 ? " attempt" : " attempts");
  }
  if (!trial.message().empty()) absl::StrAppend(&text, ": ", trial.message());
  return text;
}

}  // namespace

absl::StatusOr<v1::ExplainTrialResponse> Explain(FleetCore& core, std::string_view name) {
  XP_ASSIGN_OR_RETURN(const v1::Trial trial, core.store.trials().Get(name));
  XP_ASSIGN_OR_RETURN(std::vector<v1::TrialEvent> events, core.store.trials().ListEvents(name));
  v1::ExplainTrialResponse response;
  for (v1::TrialEvent& event : events) *response.add_events() = std::move(event);
  MutexLock lock(core.mutex);
  const store::LiveTrial* live = core.state.Find(trial.uid());
  if (live == nullptr) {
    response.set_summary(DescribeEnded(trial));
  } else if (live->state == core::TrialState::kQueued) {
    ExplainQueued(core, *live, &response);
  } else {
    response.set_summary(DescribeHeld(core, *live));
  }
  return response;
}

}  // namespace xp::fleet
