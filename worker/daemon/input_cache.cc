#include "worker/daemon/input_cache.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "client/cpp/blob_download.h"
#include "proto/status.h"
#include "worker/daemon/file_copy.h"
#include "worker/runner/file_io.h"

namespace xp::daemon {
namespace {

// 2000-01-01: the time of change of a file that nobody has changed.
constexpr time_t kUnchanged = 946'684'800;

// Holds a name in a set for a scope.
class Claim {
 public:
  Claim(Mutex& mutex, CondVar& changed, std::set<std::string>& names, std::string name)
      : mutex_(mutex), changed_(changed), names_(names), name_(std::move(name)) {
    MutexLock lock(mutex_);
    while (!names_.insert(name_).second) changed_.Wait(mutex_);
  }
  ~Claim() {
    MutexLock lock(mutex_);
    names_.erase(name_);
    changed_.NotifyAll();
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  Mutex& mutex_;
  CondVar& changed_;
  std::set<std::string>& names_;
  const std::string name_;
};

// The time of last use stands where nobody else writes it: in the access time.
void MarkUsed(const std::string& path, absl::Time now) {
  const timespec times[2] = {absl::ToTimespec(now), {.tv_sec = kUnchanged, .tv_nsec = 0}};
  utimensat(AT_FDCWD, path.c_str(), times, 0);
}

bool IsIntact(const std::string& path, uint64_t size) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && static_cast<uint64_t>(info.st_size) == size &&
         info.st_mtime == kUnchanged;
}

}  // namespace

std::string InputCache::PathOf(const std::string& sha256) const {
  return absl::StrCat(folder_, "/", sha256.substr(0, 2), "/", sha256);
}

absl::Status InputCache::Link(const std::string& manifest_sha256, const std::string& folder,
                              const FetchOptions& options) {
  return Materialize(manifest_sha256, folder, Give::kLink, options);
}

absl::Status InputCache::Copy(const std::string& manifest_sha256, const std::string& folder,
                              const FetchOptions& options) {
  return Materialize(manifest_sha256, folder, Give::kCopy, options);
}

absl::Status InputCache::Ensure(const v1::ManifestFile& file, const FetchOptions& options) {
  const std::string path = PathOf(file.sha256());
  const Claim claim(mutex_, changed_, fetching_, file.sha256());
  if (!IsIntact(path, file.size())) {
    XP_RETURN_IF_ERROR(RemoveAll(path));
    XP_RETURN_IF_ERROR(MakeFolder(path.substr(0, path.rfind('/'))));
    XP_RETURN_IF_ERROR(
        client::DownloadFile(client_, file.sha256(), path, {.cancelled = options.cancelled}));
  }
  if (chmod(path.c_str(), file.executable() ? 0555 : 0444) != 0) {
    return runner::ErrnoStatus(errno, path);
  }
  MarkUsed(path, clock_.Now());
  return absl::OkStatus();
}

absl::Status InputCache::Materialize(const std::string& manifest_sha256, const std::string& folder,
                                     Give give, const FetchOptions& options) {
  XP_ASSIGN_OR_RETURN(const v1::FileManifest manifest,
                      client::DownloadManifest(client_, manifest_sha256));
  XP_RETURN_IF_ERROR(MakeFolder(folder));
  int done = 0;
  for (const v1::ManifestFile& file : manifest.files()) {
    if (options.cancelled && options.cancelled()) return absl::CancelledError("told to stop");
    if (options.progress) options.progress(done++, manifest.files_size());
    XP_RETURN_IF_ERROR(Annotate(Ensure(file, options), file.path()));
    const std::string source = PathOf(file.sha256());
    const std::string target = folder + "/" + file.path();
    XP_RETURN_IF_ERROR(MakeFolder(target.substr(0, target.rfind('/'))));
    if (give == Give::kLink && link(source.c_str(), target.c_str()) == 0) continue;
    XP_RETURN_IF_ERROR(CopyFile(source, target, CopyHow::kOwn));
    const mode_t mode = file.executable() ? 0755 : 0644;
    if (chmod(target.c_str(), mode) != 0) return runner::ErrnoStatus(errno, target);
  }
  return absl::OkStatus();
}

}  // namespace xp::daemon
