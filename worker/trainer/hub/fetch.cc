#include "worker/trainer/hub/fetch.h"

#include <absl/strings/str_format.h>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include "worker/trainer/files.h"
#include "worker/trainer/hub/cache.h"
#include "worker/trainer/hub/download.h"
#include "worker/trainer/model/weight_index.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLockPause{200};

std::string WithoutSlash(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

class Fetcher {
 public:
  Fetcher(HubName name, const HubOptions& options)
      : name_(std::move(name)),
        options_(options),
        endpoint_(WithoutSlash(options.endpoint)),
        cache_(options.cache, name_) {}

  absl::StatusOr<fs::path> Run(HubFiles files);

 private:
  absl::Status WaitForAnother();
  absl::Status Start();
  SnapshotIndex KnownFiles(const std::string& commit) const;
  absl::Status All(HubFiles files);
  absl::Status Weights();
  absl::Status Shards(const std::string& index);
  // Fetches the file into the snapshot, unless the snapshot is known to have it or not to have it.
  absl::StatusOr<Presence> Want(const std::string& file);
  absl::StatusOr<Downloaded> Download(const std::string& file, const std::string& revision,
                                      const std::string& unless_etag) {
    const std::string url =
        endpoint_ + "/" + name_.model + "/resolve/" + AsPathPart(revision) + "/" + file;
    return DownloadFile({file, url, unless_etag}, options_, cache_);
  }
  // `what` is not on the server or, where only the cache could be asked, not in it.
  absl::Status Missing(const std::string& what) const;

  const HubName name_;
  const HubOptions& options_;
  const std::string endpoint_;
  ModelCache cache_;
  std::string commit_;      // or the revision, where the server names no commit
  SnapshotIndex index_;     // of that snapshot
  SnapshotIndex previous_;  // the same, where no commit's name says that it still holds
  bool cache_only_ = false;
  bool waiting_ = false;  // for another process, and that was said
};

absl::StatusOr<fs::path> Fetcher::Run(HubFiles files) {
  absl::Status status =
      cache_.Lock(options_.offline ? ModelCache::Use::kRead : ModelCache::Use::kFill,
                  [this] { return WaitForAnother(); });
  if (status.ok()) status = Start();
  if (status.ok()) status = All(files);
  if (!status.ok()) return status;
  return cache_.Snapshot(commit_);
}

absl::Status Fetcher::WaitForAnother() {
  if (!std::exchange(waiting_, true)) {
    options_.say("hub:" + name_.model + " is being fetched by another; waiting");
  }
  options_.wait(kLockPause);
  if (!options_.stopping || !options_.stopping()) return absl::OkStatus();
  return absl::CancelledError("asked to end while another fetched hub:" + name_.model);
}

// Finds out which commit the revision means: of the server, by way of config.json, or of the cache.
absl::Status Fetcher::Start() {
  commit_ = IsCommit(name_.revision) ? name_.revision : cache_.KnownCommit();
  if (!commit_.empty()) index_ = KnownFiles(commit_);
  const auto config = index_.find("config.json");
  const bool known = config != index_.end() && !config->second.empty();
  cache_only_ = options_.offline;
  if (known && (IsCommit(name_.revision) || cache_only_)) return absl::OkStatus();
  if (cache_only_) return Missing("config.json");
  const absl::StatusOr<Downloaded> fetched =
      Download("config.json", name_.revision, known ? config->second : "");
  if (!fetched.ok() && known && absl::IsUnavailable(fetched.status())) {
    options_.say("cannot ask for news of hub:" + name_.model +
                 ", using the cache: " + std::string(fetched.status().message()));
    cache_only_ = true;
    return absl::OkStatus();
  }
  if (!fetched.ok()) return fetched.status();
  if (fetched->presence == Presence::kMissing) return Missing("config.json");
  const std::string commit =
      IsCommit(fetched->commit) ? fetched->commit : AsPathPart(name_.revision);
  if (commit != commit_) index_ = KnownFiles(commit);
  if (!IsCommit(commit)) previous_ = std::exchange(index_, {});
  const bool unchanged = fetched->unchanged;
  if (unchanged && commit != commit_) {  // the same content under another commit
    absl::Status status =
        CopyFile(cache_.Snapshot(commit_) / "config.json", cache_.Snapshot(commit) / "config.json");
    if (!status.ok()) return status;
  }
  commit_ = commit;
  index_["config.json"] = fetched->etag;
  if (!unchanged) {
    if (absl::Status status = cache_.Keep("config.json", commit_); !status.ok()) return status;
  }
  if (absl::Status status = cache_.WriteIndex(commit_, index_); !status.ok()) return status;
  return cache_.SetKnownCommit(commit_);
}

// An index that cannot be used is as good as none: what it stood for is fetched again.
SnapshotIndex Fetcher::KnownFiles(const std::string& commit) const {
  absl::StatusOr<SnapshotIndex> index = cache_.ReadIndex(commit);
  if (index.ok()) return *std::move(index);
  options_.say(std::string(index.status().message()) + "; this snapshot counts as empty");
  return {};
}

absl::Status Fetcher::All(HubFiles files) {
  for (const char* file : kTokenizerFiles) {
    const absl::StatusOr<Presence> there = Want(file);
    if (!there.ok()) return there.status();
  }
  return files == HubFiles::kAll ? Weights() : absl::OkStatus();
}

// The first form that is there, in the order in which they count.
absl::Status Fetcher::Weights() {
  for (const char* file : kWeightFiles) {
    const absl::StatusOr<Presence> there = Want(file);
    if (!there.ok()) return there.status();
    if (*there == Presence::kMissing) continue;
    return IsWeightIndex(file) ? Shards(file) : absl::OkStatus();
  }
  return Missing("model.safetensors or pytorch_model.bin");
}

absl::Status Fetcher::Shards(const std::string& index) {
  const fs::path file = cache_.Snapshot(commit_) / index;
  const auto map = ReadWeightMap(file);
  if (!map.ok()) return map.status();
  std::set<std::string> shards;
  for (const auto& [array, shard] : *map) {
    if (!IsPlainFileName(shard)) {  // it becomes a part of a URL
      return absl::DataLossError(file.string() + ": '" + array + "' lies in '" + shard +
                                 "', which is no file's name on a hub");
    }
    shards.insert(shard);
  }
  for (const std::string& shard : shards) {
    const absl::StatusOr<Presence> there = Want(shard);
    if (!there.ok()) return there.status();
    if (*there == Presence::kMissing) return Missing(shard);
  }
  return absl::OkStatus();
}

absl::StatusOr<Presence> Fetcher::Want(const std::string& file) {
  const auto known = index_.find(file);
  if (known != index_.end() && (IsCommit(commit_) || cache_only_)) {
    return known->second.empty() ? Presence::kMissing : Presence::kThere;
  }
  if (cache_only_) return Presence::kMissing;  // what an older fetch did not ask for
  const auto before = previous_.find(file);
  const absl::StatusOr<Downloaded> fetched =
      Download(file, IsCommit(commit_) ? commit_ : name_.revision,
               before == previous_.end() ? "" : before->second);
  if (!fetched.ok()) return fetched.status();
  const bool there = fetched->presence == Presence::kThere;
  if (there && !fetched->unchanged) {
    if (absl::Status status = cache_.Keep(file, commit_); !status.ok()) return status;
  }
  index_[file] = there ? fetched->etag : "";
  if (absl::Status status = cache_.WriteIndex(commit_, index_); !status.ok()) return status;
  return fetched->presence;
}

absl::Status Fetcher::Missing(const std::string& what) const {
  const char* const where = !cache_only_       ? "there is no"
                            : options_.offline ? "offline (XP_HUB_OFFLINE), and the cache has no"
                                               : "out of reach, and the cache has no";
  return absl::NotFoundError(
      absl::StrFormat("hub:%s@%s: %s %s", name_.model, name_.revision, where, what));
}

}  // namespace

absl::StatusOr<fs::path> FetchModel(std::string_view name, HubFiles files,
                                    const HubOptions& options) {
  absl::StatusOr<HubName> parsed = ParseHubName(name);
  if (!parsed.ok()) return parsed.status();
  return Fetcher(*std::move(parsed), options).Run(files);
}

}  // namespace xp::trainer
