// Blobs on this worker by content, fetched once however many attempts want them. An attempt gets
// hard links, so what is cut from the cache while it runs is still there for it.
//
// Cached files are read-only, and carry one fixed time of change: a program that writes to its
// input changes it, and then the file is fetched anew for the next attempt.
//
// Safe from any thread; two that want the same blob wait for one another.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <set>
#include <string>

#include "client/cpp/client.h"
#include "proto/clock.h"
#include "proto/mutex.h"
#include "xp/v1/blobs.pb.h"

namespace xp::daemon {

struct FetchOptions {
  std::function<bool()> cancelled;
  std::function<void(int done, int total)> progress;  // files of the manifest
};

class InputCache {
 public:
  // `client` and `clock` must outlive it. `folder` is made.
  InputCache(std::string folder, client::Client& client, Clock& clock)
      : folder_(std::move(folder)), client_(client), clock_(clock) {}

  // Puts the files of a manifest under `folder` as read-only links into the cache.
  // INVALID_ARGUMENT: the manifest is damaged or would write elsewhere; NOT_FOUND: the server has
  // no such blob; CANCELLED; UNAVAILABLE: no server; RESOURCE_EXHAUSTED: the disk is full.
  absl::Status Link(const std::string& manifest_sha256, const std::string& folder,
                    const FetchOptions& options);

  // The same as files of the attempt's own, which it may change.
  absl::Status Copy(const std::string& manifest_sha256, const std::string& folder,
                    const FetchOptions& options);

 private:
  enum class Give { kLink, kCopy };
  absl::Status Materialize(const std::string& manifest_sha256, const std::string& folder, Give give,
                           const FetchOptions& options);
  absl::Status Ensure(const v1::ManifestFile& file, const FetchOptions& options);
  std::string PathOf(const std::string& sha256) const;

  const std::string folder_;
  client::Client& client_;
  Clock& clock_;

  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> fetching_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace xp::daemon
