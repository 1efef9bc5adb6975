#include "client/xpctl/change_watch.h"

#include <utility>

namespace xp::xpctl {

ChangeWatch::ChangeWatch(client::Client& client, const std::vector<std::string>& experiments)
    : cancels_(experiments.size()), open_(experiments.size()) {
  for (size_t i = 0; i < experiments.size(); ++i) {
    threads_.emplace_back([this, &client, experiment = experiments[i], cancel = &cancels_[i]] {
      Follow(client, experiment, cancel);
    });
  }
}

ChangeWatch::~ChangeWatch() {
  for (WatchCancel& cancel : cancels_) cancel.Cancel();
  for (std::thread& thread : threads_) thread.join();
}

void ChangeWatch::Follow(client::Client& client, const std::string& experiment,
                         WatchCancel* cancel) {
  const TrialWatchOptions options{.experiment = experiment,
                                  .trials = {},
                                  .growth = TrialWatchOptions::Growth::kReport,
                                  .cancel = cancel};
  const absl::Status status = WatchUntilEnded(
      client, options,
      [this](const auto&) {
        const MutexLock lock(mutex_);
        changed_ = true;
        news_.NotifyAll();
      },
      [this] {
        const MutexLock lock(mutex_);
        away_ = true;
        news_.NotifyAll();
      });
  const MutexLock lock(mutex_);
  --open_;
  if (failed_.ok()) failed_ = status;
  news_.NotifyAll();
}

absl::StatusOr<ChangeWatch::News> ChangeWatch::Wait(absl::Duration timeout) {
  const MutexLock lock(mutex_);
  if (!changed_ && !away_ && open_ > 0 && failed_.ok()) {
    news_.WaitFor(mutex_, absl::ToChronoNanoseconds(timeout));
  }
  if (!failed_.ok()) return failed_;
  if (open_ == 0) return News::kOver;
  if (std::exchange(changed_, false)) return News::kChanged;
  if (std::exchange(away_, false)) return News::kAway;
  return News::kSilence;
}

}  // namespace xp::xpctl
