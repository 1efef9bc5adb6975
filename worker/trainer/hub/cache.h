// Where fetched models lie. docs/trainer.md has the layout:
//   CACHE/models--ORG--NAME/lock                     held while a model is fetched
//   CACHE/models--ORG--NAME/refs/REVISION            the commit that a branch or tag meant last, or
//                                                    REVISION where the server names none
//   CACHE/models--ORG--NAME/snapshots/COMMIT/FILE    whole, checked files
//   CACHE/models--ORG--NAME/snapshots/COMMIT/.xp-hub.json   their ETags, and which there are not
//   CACHE/models--ORG--NAME/parts/FILE(.etag)        what is under way
// One thread per object; other processes are kept out by the lock.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "worker/trainer/hub/model_name.h"

namespace xp::trainer {

// What is known of a snapshot's files: the ETag by name, "" for one that the model does not have.
using SnapshotIndex = std::map<std::string, std::string>;

class ModelCache {
 public:
  ModelCache(const std::filesystem::path& cache, const HubName& name);
  ~ModelCache();
  ModelCache(const ModelCache&) = delete;
  ModelCache& operator=(const ModelCache&) = delete;

  // kFill makes the folders and takes the lock; while somebody else has it, `on_wait` is called
  // before each further attempt, and what it returns ends the waiting if it is an error.
  // kRead writes nothing, and goes on without the lock where it cannot be had: the cache may be
  // read-only, and what is in a snapshot is whole.
  enum class Use { kFill, kRead };
  absl::Status Lock(Use use, const std::function<absl::Status()>& on_wait);

  // The commit that the revision meant when it was last fetched, or the revision itself
  // (AsPathPart) where the server names no commit; empty: never.
  std::string KnownCommit() const;
  absl::Status SetKnownCommit(const std::string& commit);

  std::filesystem::path Snapshot(const std::string& commit) const;
  // Without files that have vanished; empty where there is no index yet. FAILED_PRECONDITION: an
  // index of another version, or none at all; it names the file.
  absl::StatusOr<SnapshotIndex> ReadIndex(const std::string& commit) const;
  absl::Status WriteIndex(const std::string& commit, const SnapshotIndex& index);

  std::filesystem::path Part(const std::string& file) const;
  // The ETag of what the part is the beginning of; empty: there is no part to continue.
  std::string PartEtag(const std::string& file) const;
  absl::Status SetPartEtag(const std::string& file, const std::string& etag);
  // The part, now whole, becomes a file of the snapshot.
  absl::Status Keep(const std::string& file, const std::string& commit);
  void DropPart(const std::string& file);

 private:
  const std::filesystem::path folder_;
  const std::string revision_;
  int lock_ = -1;
};

}  // namespace xp::trainer
