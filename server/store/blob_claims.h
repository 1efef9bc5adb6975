// Who is at work on which blob: one upload, or the collection, never two at once. Without it the
// collection could unlink a file that an upload has just renamed to its place.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_set.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proto/mutex.h"

namespace xp::store {

// Safe from any thread. Outlives its claims.
class BlobClaims {
 public:
  class Claim {
   public:
    Claim(BlobClaims* owner, std::string sha256) : owner_(*owner), sha256_(std::move(sha256)) {}
    ~Claim() { owner_.Release(sha256_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    BlobClaims& owner_;
    const std::string sha256_;
  };

  // Nothing when somebody has it.
  std::unique_ptr<Claim> Take(std::string_view sha256) {
    MutexLock lock(mutex_);
    std::string name(sha256);
    if (!taken_.insert(name).second) return nullptr;
    return std::make_unique<Claim>(this, std::move(name));
  }

  // While one lives, nothing is collected: a backup copies what the database names.
  class Pause {
   public:
    explicit Pause(BlobClaims* owner) : owner_(*owner) {
      MutexLock lock(owner_.mutex_);
      ++owner_.pauses_;
      while (owner_.removing_) owner_.changed_.Wait(owner_.mutex_);
    }
    ~Pause() {
      MutexLock lock(owner_.mutex_);
      --owner_.pauses_;
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    BlobClaims& owner_;
  };

  // Brackets the removal of one blob. False: paused, remove nothing.
  bool BeginRemoval() {
    MutexLock lock(mutex_);
    if (pauses_ > 0) return false;
    removing_ = true;
    return true;
  }
  void EndRemoval() {
    MutexLock lock(mutex_);
    removing_ = false;
    changed_.NotifyAll();
  }

 private:
  void Release(const std::string& sha256) {
    MutexLock lock(mutex_);
    taken_.erase(sha256);
  }

  Mutex mutex_;
  CondVar changed_;
  absl::flat_hash_set<std::string> taken_ ABSL_GUARDED_BY(mutex_);
  int pauses_ ABSL_GUARDED_BY(mutex_) = 0;
  bool removing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace xp::store
