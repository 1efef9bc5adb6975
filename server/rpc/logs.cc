// ReadLog, and FollowLog: the same until the attempt has ended, woken by commits.
#include <utility>
#include <vector>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/rpc/answer.h"
#include "server/rpc/services.h"
#include "server/store/log_store.h"
#include "server/store/trial_store.h"

namespace xp::rpc {
namespace {

using Send = std::function<bool(const v1::ReadLogResponse&)>;

// One FollowLog call.
class Follower {
 public:
  Follower(const ServerParts& parts, const v1::FollowLogRequest& request, const Send& send)
      : parts_(parts), request_(request), send_(send) {
    read_.set_name(request.name());
    read_.set_attempt(request.attempt());
    read_.set_source(request.source());
    read_.set_offset(request.offset());
    read_.set_tail_lines(request.tail_lines());
  }

  absl::Status Run(CallContext& context) {
    XP_ASSIGN_OR_RETURN(const TrialName name, TrialName::Parse("name", request_.name()));
    fleet::FeedFilter filter;
    filter.experiment = FoldName(name.experiment);
    filter.trials = {FoldName(name.trial)};
    filter.growth = fleet::FeedFilter::Growth::kReport;
    const auto subscription = parts_.feed.Subscribe(std::move(filter));
    XP_ASSIGN_OR_RETURN(std::vector<store::LiveTrial> found,
                        parts_.store.trials().Watch(name.experiment, {name.trial}));
    if (found.empty()) return absl::NotFoundError("name: no trial " + name.ToString());
    trial_ = std::move(found.front());
    subscription->Know(trial_.id);
    if (read_.attempt() == 0) read_.set_attempt(trial_.trial.attempt());
    while (true) {
      XP_ASSIGN_OR_RETURN(const bool done, SendWhatIsThere(context));
      if (done) return absl::OkStatus();
      const fleet::FeedChanges changes = subscription->Take(kStreamPatience);
      if (context.IsCancelled()) return absl::CancelledError("the caller is gone");
      if (changes.closed) return absl::UnavailableError("the server is stopping; follow again");
      if (!changes.deleted.empty()) return absl::NotFoundError(name.ToString() + " was deleted");
      if (const auto change = changes.trials.find(trial_.id); change != changes.trials.end()) {
        trial_ = *change->second;
      }
    }
  }

 private:
  // Sends what is stored beyond the offset. True: nothing more will come. `trial_` is always older
  // than what is read here, so an end that it shows has all its bytes in the store.
  absl::StatusOr<bool> SendWhatIsThere(CallContext& context) {
    while (!context.IsCancelled()) {
      if (read_.attempt() == 0) {
        if (trial_.trial.attempt() == 0) return core::IsEnded(trial_.state);
        read_.set_attempt(trial_.trial.attempt());
      }
      XP_ASSIGN_OR_RETURN(const v1::ReadLogResponse piece, parts_.store.logs().Read(read_));
      read_.set_tail_lines(0);
      read_.set_offset(piece.next_offset());
      if (!piece.data().empty()) {
        if (!send_(piece)) return absl::CancelledError("the caller is gone");
        if (piece.next_offset() < piece.end_offset()) continue;
      }
      const bool follows_trial = request_.attempt() == 0;
      const bool newer = trial_.trial.attempt() > read_.attempt();
      if (follows_trial && newer) {
        read_.set_attempt(read_.attempt() + 1);
        read_.set_offset(0);
        continue;
      }
      if (newer || core::IsEnded(trial_.state)) return true;
      return piece.complete() && !follows_trial;
    }
    return absl::CancelledError("the caller is gone");
  }

  const ServerParts& parts_;
  const v1::FollowLogRequest& request_;
  const Send& send_;
  v1::ReadLogRequest read_;
  store::LiveTrial trial_;
};

}  // namespace

void AddLogs(MethodTable* table, const ServerParts& parts) {
  table->AddUnary<v1::ReadLogRequest, v1::ReadLogResponse>(
      "/xp.v1.Logs/ReadLog",
      [&parts](CallContext&, const auto& request, auto* response) -> absl::Status {
        XP_RETURN_IF_ERROR(TrialName::Parse("name", request.name()).status());
        return Answer(parts.store.logs().Read(request), response);
      });
  table->AddServerStream<v1::FollowLogRequest, v1::ReadLogResponse>(
      "/xp.v1.Logs/FollowLog",
      [&parts](CallContext& context, const v1::FollowLogRequest& request, const Send& send) {
        return Follower(parts, request, send).Run(context);
      });
}

}  // namespace xp::rpc
