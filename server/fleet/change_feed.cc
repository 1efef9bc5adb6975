#include "server/fleet/change_feed.h"

#include <algorithm>
#include <utility>

#include "proto/resource_name.h"

namespace xp::fleet {

bool FeedSubscription::Looks(const std::string& experiment, const std::string& trial) const {
  if (!filter_.experiment.empty() && FoldName(experiment) != filter_.experiment) return false;
  return filter_.trials.empty() || filter_.trials.contains(FoldName(trial));
}

void FeedSubscription::Offer(const store::CommittedChanges& changes) {
  MutexLock lock(mutex_);
  bool woken = false;
  for (const store::TrialChange& change : changes.trials) {
    const std::string& name = change.trial->trial.name();
    const size_t slash = name.find('/');
    if (!Looks(name.substr(0, slash), name.substr(std::min(slash, name.size() - 1) + 1))) continue;
    ids_.insert(change.trial->id);
    pending_.trials[change.trial->id] = change.trial;
    woken = true;
  }
  for (const store::TrialDeletion& deletion : changes.deletions) {
    if (!Looks(deletion.experiment, deletion.name)) continue;
    pending_.trials.erase(deletion.key.trial);
    pending_.deleted.insert(deletion.experiment + "/" + deletion.name);
    woken = true;
  }
  if (filter_.growth == FeedFilter::Growth::kReport) {
    const auto ours = [this](const store::SourceGrowth& growth) {
      return ids_.contains(growth.key.trial);
    };
    if (std::any_of(changes.growths.begin(), changes.growths.end(), ours)) {
      pending_.grown = true;
      woken = true;
    }
  }
  if (woken) changed_.NotifyAll();
}

void FeedSubscription::Know(core::TrialId id) {
  MutexLock lock(mutex_);
  ids_.insert(id);
}

void FeedSubscription::Close() {
  MutexLock lock(mutex_);
  pending_.closed = true;
  changed_.NotifyAll();
}

FeedChanges FeedSubscription::Take(absl::Duration timeout) {
  MutexLock lock(mutex_);
  const auto nothing = [this] {
    return pending_.trials.empty() && pending_.deleted.empty() && !pending_.grown &&
           !pending_.closed;
  };
  if (nothing()) changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
  FeedChanges taken = std::exchange(pending_, {});
  pending_.closed = taken.closed;
  return taken;
}

std::shared_ptr<FeedSubscription> ChangeFeed::Subscribe(FeedFilter filter) {
  std::shared_ptr<FeedSubscription> subscription(new FeedSubscription(std::move(filter)));
  MutexLock lock(mutex_);
  std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
  subscriptions_.push_back(subscription);
  if (closed_) subscription->Close();
  return subscription;
}

void ChangeFeed::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  for (const auto& weak : subscriptions_) {
    if (const auto subscription = weak.lock()) subscription->Close();
  }
}

void ChangeFeed::OnCommit(const store::CommittedChanges& changes) {
  MutexLock lock(mutex_);
  for (const auto& weak : subscriptions_) {
    if (const auto subscription = weak.lock()) subscription->Offer(changes);
  }
}

}  // namespace xp::fleet
