#include "client/xpctl/wait_progress.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "client/xpctl/format.h"
#include "client/xpctl/spec/quantities.h"

namespace xp::xpctl {
namespace {

std::string BareName(const std::string& name) { return name.substr(name.find('/') + 1); }

std::string Describe(const v1::Trial& trial) {
  std::string text = StateName(trial.state());
  if (trial.reason() != v1::END_REASON_UNSPECIFIED) {
    absl::StrAppend(&text, " (", ReasonName(trial.reason()), ")");
  }
  if (trial.state() == v1::RUNNING && !trial.worker().empty()) {
    const bool said = trial.message().find(trial.worker()) != trial.message().npos;
    if (!said) absl::StrAppend(&text, " on ", trial.worker());
    if (trial.attempt() > 1) absl::StrAppend(&text, ", attempt ", trial.attempt());
  }
  if (!trial.message().empty() && trial.state() != v1::COMPLETED) {
    absl::StrAppend(&text, ": ", Printable(trial.message()));
  }
  return text;
}

}  // namespace

WaitProgress::WaitProgress(World& world, std::string experiment,
                           const std::vector<std::string>& trials)
    : world_(world), progress_(world), experiment_(std::move(experiment)), began_(world.now()) {
  for (const std::string& trial : trials) trials_[trial];
}

void WaitProgress::Say(const std::string& name, const std::string& news) {
  progress_.Say(absl::FormatTime("%H:%M:%S", world_.now(), world_.zone) + "  " + name + "  " +
                news);
}

void WaitProgress::Update(const v1::WatchTrialsResponse& changes) {
  // A deleted name that stands among the trials, too, was given to a new one.
  for (const std::string& name : changes.deleted_trials()) {
    trials_.erase(BareName(name));
    deleted_.insert(BareName(name));
    Say(name, "was deleted");
  }
  for (const v1::Trial& trial : changes.trials()) {
    v1::Trial& known = trials_[BareName(trial.name())];
    deleted_.erase(BareName(trial.name()));
    const bool news = known.state() != trial.state() || known.attempt() != trial.attempt();
    known = trial;
    if (news) Say(trial.name(), Describe(trial));
  }
  Redraw();
}

void WaitProgress::Interrupted() {
  progress_.Say("the server is away; training goes on, waiting for the server");
}

void WaitProgress::Redraw() {
  size_t ended = 0;
  size_t queued = 0;
  for (const auto& [name, trial] : trials_) {
    if (HasEnded(trial.state())) ++ended;
    if (trial.state() == v1::QUEUED) ++queued;
  }
  const size_t total = trials_.size();
  progress_.Show(absl::StrCat(Bar(ended, total, 32), " ", ended, "/", total, " ended, ",
                              total - ended - queued, " running, ", queued, " queued, ",
                              ShowDuration(world_.now() - began_)));
}

std::vector<std::string> WaitProgress::NotCompleted() const {
  std::vector<std::string> lines;
  for (const auto& [name, trial] : trials_) {
    if (trial.state() == v1::COMPLETED) continue;
    lines.push_back(absl::StrCat(trial.name(), " ", StateName(trial.state()), " ",
                                 ReasonName(trial.reason()), ": ", Printable(trial.message()),
                                 "  (xpctl logs ", trial.name(), ")"));
  }
  for (const std::string& name : deleted_) {
    lines.push_back(absl::StrCat(experiment_, "/", name, " was deleted"));
  }
  return lines;
}

}  // namespace xp::xpctl
