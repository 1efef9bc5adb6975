// WatchTrials: first the trials as they are, then each change as it is committed. Subscribed before
// the first read, so nothing falls between the two.
#include <set>
#include <utility>
#include <vector>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/services.h"
#include "server/store/trial_store.h"

namespace xp::rpc {
namespace {

using Send = std::function<bool(const v1::WatchTrialsResponse&)>;

// Collects trials into messages below the target size.
class Batch {
 public:
  explicit Batch(const Send& send) : send_(send) {}

  bool Add(const v1::Trial& trial) {
    const size_t size = trial.ByteSizeLong();
    if (bytes_ > 0 && bytes_ + size > limits::kMessageTargetBytes && !Flush()) return false;
    *response_.add_trials() = trial;
    bytes_ += size;
    return true;
  }
  bool AddDeleted(const std::string& name) {
    if (bytes_ > 0 && bytes_ + name.size() > limits::kMessageTargetBytes && !Flush()) return false;
    response_.add_deleted_trials(name);
    bytes_ += name.size() + 3;
    return true;
  }
  void NoteGrowth() {
    response_.set_grown(true);
    bytes_ += 2;
  }
  bool Flush() {
    const bool sent = send_(response_);
    response_.Clear();
    bytes_ = 0;
    return sent;
  }
  bool empty() const { return bytes_ == 0; }

 private:
  const Send& send_;
  v1::WatchTrialsResponse response_;
  size_t bytes_ = 0;
};

// Trials that have not ended, for `until_ended`.
class Open {
 public:
  void Note(const store::LiveTrial& trial) {
    if (core::IsEnded(trial.state)) {
      names_.erase(trial.trial.name());
    } else {
      names_.insert(trial.trial.name());
    }
  }
  void Drop(const std::string& name) { names_.erase(name); }
  bool none() const { return names_.empty(); }

 private:
  std::set<std::string> names_;
};

absl::Status Watch(const ServerParts& parts, CallContext& context,
                   const v1::WatchTrialsRequest& request, const Send& send) {
  XP_RETURN_IF_ERROR(CheckName("experiment", request.experiment()));
  fleet::FeedFilter filter;
  filter.experiment = FoldName(request.experiment());
  for (const std::string& trial : request.trials()) filter.trials.insert(FoldName(trial));
  if (request.growth()) filter.growth = fleet::FeedFilter::Growth::kReport;
  const auto subscription = parts.feed.Subscribe(std::move(filter));
  XP_ASSIGN_OR_RETURN(const std::vector<store::LiveTrial> trials,
                      parts.store.trials().Watch(request.experiment(), {request.trials().begin(),
                                                                        request.trials().end()}));
  Batch batch(send);
  Open open;
  for (const store::LiveTrial& trial : trials) {
    open.Note(trial);
    subscription->Know(trial.id);
    if (!batch.Add(trial.trial)) return absl::CancelledError("the caller is gone");
  }
  if (!batch.Flush()) return absl::CancelledError("the caller is gone");
  while (!(request.until_ended() && open.none())) {
    const fleet::FeedChanges changes = subscription->Take(kStreamPatience);
    if (context.IsCancelled()) return absl::CancelledError("the caller is gone");
    if (changes.closed) return absl::UnavailableError("the server is stopping; watch again");
    for (const std::string& name : changes.deleted) {
      open.Drop(name);
      if (!batch.AddDeleted(name)) return absl::CancelledError("the caller is gone");
    }
    if (changes.grown) batch.NoteGrowth();
    for (const auto& [id, trial] : changes.trials) {
      open.Note(*trial);
      if (!batch.Add(trial->trial)) return absl::CancelledError("the caller is gone");
    }
    if (!batch.empty() && !batch.Flush()) return absl::CancelledError("the caller is gone");
  }
  return absl::OkStatus();
}

}  // namespace

void AddWatchTrials(MethodTable* table, const ServerParts& parts) {
  table->AddServerStream<v1::WatchTrialsRequest, v1::WatchTrialsResponse>(
      "/xp.v1.Trials/WatchTrials",
      [&parts](CallContext& context, const v1::WatchTrialsRequest& request, const Send& send) {
        return Watch(parts, context, request, send);
      });
}

}  // namespace xp::rpc
