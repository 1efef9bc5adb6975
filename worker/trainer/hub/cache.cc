#include "worker/trainer/hub/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kIndexName = ".xp-hub.json";
constexpr int kIndexVersion = 1;

// "org--name" for "org/name": no name has "--" of its own.
std::string FolderName(std::string model) {
  if (const size_t slash = model.find('/'); slash != model.npos) model.replace(slash, 1, "--");
  return "models--" + model;
}

}  // namespace

ModelCache::ModelCache(const fs::path& cache, const HubName& name)
    : folder_(cache / FolderName(name.model)), revision_(AsPathPart(name.revision)) {}

ModelCache::~ModelCache() {
  if (lock_ >= 0) ::close(lock_);  // which lets go of the lock
}

absl::Status ModelCache::Lock(Use use, const std::function<absl::Status()>& on_wait) {
  const fs::path file = folder_ / "lock";
  const bool read = use == Use::kRead;
  std::error_code error;
  for (const char* name : {"refs", "snapshots", "parts"}) {
    if (read) break;
    fs::create_directories(folder_ / name, error);
    if (error) {
      return absl::UnavailableError("cannot make " + (folder_ / name).string() + ": " +
                                    error.message());
    }
  }
  lock_ = read ? ::open(file.c_str(), O_RDONLY | O_CLOEXEC)
               : ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) return read ? absl::OkStatus() : ErrnoStatus("cannot open", file);
  while (::flock(lock_, (read ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return read ? absl::OkStatus() : ErrnoStatus("cannot lock", file);
    if (absl::Status status = on_wait(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string ModelCache::KnownCommit() const {
  absl::StatusOr<std::string> text = ReadFile(folder_ / "refs" / revision_);
  if (!text.ok()) return "";
  while (text->ends_with('\n')) text->pop_back();
  return IsCommit(*text) || *text == revision_ ? *text : "";
}

absl::Status ModelCache::SetKnownCommit(const std::string& commit) {
  return WriteFile(folder_ / "refs" / revision_, commit + "\n");
}

fs::path ModelCache::Snapshot(const std::string& commit) const {
  return folder_ / "snapshots" / commit;
}

absl::StatusOr<SnapshotIndex> ModelCache::ReadIndex(const std::string& commit) const {
  const fs::path file = Snapshot(commit) / kIndexName;
  SnapshotIndex index;
  const absl::StatusOr<json> read = ReadJson(file);
  if (absl::IsNotFound(read.status())) return index;
  if (!read.ok()) return absl::FailedPreconditionError(read.status().message());
  if (!read->is_object() || read->value("version", json()) != kIndexVersion ||
      !read->value("files", json()).is_object()) {
    return absl::FailedPreconditionError(file.string() + ": not an index of version " +
                                         std::to_string(kIndexVersion));
  }
  std::error_code error;
  for (const auto& [name, etag] : read->at("files").items()) {
    if (!IsPlainFileName(name)) continue;
    if (etag.is_null()) index[name] = "";
    if (etag.is_string() && fs::exists(Snapshot(commit) / name, error)) {
      index[name] = etag.get<std::string>();
    }
  }
  return index;
}

absl::Status ModelCache::WriteIndex(const std::string& commit, const SnapshotIndex& index) {
  json files = json::object();
  for (const auto& [name, etag] : index) files[name] = etag.empty() ? json() : json(etag);
  const json all = {{"version", kIndexVersion}, {"files", files}};
  return WriteFile(Snapshot(commit) / kIndexName, all.dump(2) + "\n");
}

fs::path ModelCache::Part(const std::string& file) const { return folder_ / "parts" / file; }

std::string ModelCache::PartEtag(const std::string& file) const {
  std::error_code error;
  if (!fs::exists(Part(file), error)) return "";
  absl::StatusOr<std::string> etag = ReadFile(Part(file).string() + ".etag");
  return etag.ok() ? *etag : "";
}

absl::Status ModelCache::SetPartEtag(const std::string& file, const std::string& etag) {
  return WriteFile(Part(file).string() + ".etag", etag);
}

absl::Status ModelCache::Keep(const std::string& file, const std::string& commit) {
  std::error_code error;
  fs::create_directories(Snapshot(commit), error);
  absl::Status status = CommitFile(Part(file), Snapshot(commit) / file);
  fs::remove(Part(file).string() + ".etag", error);
  return status;
}

void ModelCache::DropPart(const std::string& file) {
  std::error_code error;
  fs::remove(Part(file), error);
  fs::remove(Part(file).string() + ".etag", error);
}

}  // namespace xp::trainer
