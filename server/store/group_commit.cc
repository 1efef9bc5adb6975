#include "server/store/group_commit.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "proto/status.h"

namespace xp::store {

GroupCommit::GroupCommit(GroupBackend* backend, Clock* clock, Options options)
    : backend_(backend), clock_(clock), options_(std::move(options)) {}

GroupCommit::~GroupCommit() { Stop(); }

void GroupCommit::Start() {
  thread_ = std::thread([this] { Run(); });
}

void GroupCommit::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void GroupCommit::Enqueue(Change change, Done done) {
  absl::Status refusal;
  {
    MutexLock lock(mutex_);
    if (stopping_) {
      refusal = absl::UnavailableError("the server is stopping; try again when it is back");
    } else if (queue_.size() >= options_.queue_max) {
      refusal = absl::ResourceExhaustedError(absl::StrCat("the writer's queue is full (",
                                                          options_.queue_max,
                                                          " changes wait); try again in a moment"));
    } else {
      queue_.push_back({std::move(change), std::move(done), absl::OkStatus()});
      work_.NotifyOne();
    }
  }
  if (!refusal.ok()) done(refusal);
}

void GroupCommit::Run() {
  for (;;) {
    std::vector<Item> group;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_.Wait(mutex_);
      if (queue_.empty()) return;
      const size_t count = std::min(queue_.size(), options_.group_max);
      group.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    WriteGroup(group);
  }
}

void GroupCommit::WriteGroup(std::vector<Item>& group) {
  const absl::Duration begin = clock_->Monotonic();
  CommittedChanges changes;
  const absl::Status status = Transact(group, changes);
  if (!status.ok()) {
    backend_->Rollback();
    if (backend_->TakeHealth() == GroupHealth::kDiskLost) {
      options_.fatal(status);
    }
    for (Item& item : group) item.result = status;
  } else {
    {
      MutexLock lock(mutex_);
      ++stats_.commits;
      stats_.items += group.size();
      stats_.commit_time += clock_->Monotonic() - begin;
    }
    if (!changes.empty()) {
      MutexLock lock(listener_mutex_);
      for (CommitListener* listener : listeners_) listener->OnCommit(changes);
    }
  }
  for (Item& item : group) {
    if (item.done) item.done(item.result);
  }
}

absl::Status GroupCommit::Transact(std::vector<Item>& group, CommittedChanges& changes) {
  XP_RETURN_IF_ERROR(backend_->Begin());
  for (Item& item : group) {
    XP_RETURN_IF_ERROR(RunItem(item));
  }
  XP_ASSIGN_OR_RETURN(changes, backend_->Commit());
  return absl::OkStatus();
}

absl::Status GroupCommit::RunItem(Item& item) {
  XP_RETURN_IF_ERROR(backend_->BeginItem());
  try {
    item.result = item.change(backend_->context());
  } catch (const std::exception& error) {
    // A library's (JSON, bad_alloc): the item's own trouble, as if it had said so.
    item.result = absl::InternalError(absl::StrCat("a change threw: ", error.what()));
  }
  // A full disk is nobody's own fault: it ends the transaction for all of the group.
  switch (backend_->TakeHealth()) {
    case GroupHealth::kGood:
      break;
    case GroupHealth::kGroupLost:
      return item.result.ok() ? absl::UnavailableError("the transaction was lost") : item.result;
    case GroupHealth::kDiskLost: {
      const absl::Status lost =
          item.result.ok() ? absl::UnavailableError("a sync of the disk failed") : item.result;
      options_.fatal(lost);
      return lost;
    }
  }
  return item.result.ok() ? backend_->KeepItem() : backend_->UndoItem();
}

void GroupCommit::AddListener(CommitListener* listener) {
  MutexLock lock(listener_mutex_);
  listeners_.push_back(listener);
}

void GroupCommit::RemoveListener(CommitListener* listener) {
  MutexLock lock(listener_mutex_);
  std::erase(listeners_, listener);
}

GroupCommitStats GroupCommit::stats() const {
  MutexLock lock(mutex_);
  GroupCommitStats stats = stats_;
  stats.queue_length = queue_.size();
  return stats;
}

}  // namespace xp::store
