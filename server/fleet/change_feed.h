// Wakes those who watch trials or follow logs when a commit touches what they look at; nobody
// polls. Each subscription gathers what changed until it is taken, merged per trial, so it holds at
// most one entry per trial that it watches, however slow its reader is.
//
// Safe from any thread. Lock order: the feed's, then one subscription's.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/mutex.h"
#include "server/core/ids.h"
#include "server/store/commit_listener.h"

namespace xp::fleet {

// What a subscription looks at.
struct FeedFilter {
  std::string experiment;        // FoldName of it; empty: every experiment
  std::set<std::string> trials;  // FoldName of bare names; empty: all
  enum class Growth { kIgnore, kReport };
  Growth growth = Growth::kIgnore;  // also wake when bytes of a source of these trials come
};

// What changed since the last Take.
struct FeedChanges {
  std::map<core::TrialId, std::shared_ptr<const store::LiveTrial>> trials;
  std::set<std::string> deleted;  // "E/T"
  bool grown = false;
  bool closed = false;  // the server is stopping
};

class FeedSubscription {
 public:
  // Waits until there is something to take or `timeout` passed. Empty changes: it passed.
  FeedChanges Take(absl::Duration timeout);

  // A trial that is watched already, so that its growth is known as ours.
  void Know(core::TrialId id);

 private:
  friend class ChangeFeed;
  explicit FeedSubscription(FeedFilter filter) : filter_(std::move(filter)) {}
  bool Looks(const std::string& experiment, const std::string& trial) const;
  void Offer(const store::CommittedChanges& changes);
  void Close();

  const FeedFilter filter_;
  Mutex mutex_;
  CondVar changed_;
  FeedChanges pending_ ABSL_GUARDED_BY(mutex_);
  // Trials seen in changes, to tell whose bytes grew. Growths name a trial by its id alone.
  std::set<core::TrialId> ids_ ABSL_GUARDED_BY(mutex_);
};

class ChangeFeed final : public store::CommitListener {
 public:
  // Sees every commit from now on; subscribe first, then read the store, and nothing is missed.
  std::shared_ptr<FeedSubscription> Subscribe(FeedFilter filter);

  // Wakes everyone for good.
  void Close();

  void OnCommit(const store::CommittedChanges& changes) override;

 private:
  Mutex mutex_;
  std::vector<std::weak_ptr<FeedSubscription>> subscriptions_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::fleet
