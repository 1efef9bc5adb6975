#include "worker/daemon/cleaner.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "proto/status.h"
#include "worker/daemon/attempt_record.h"
#include "worker/daemon/file_copy.h"

namespace xp::daemon {
namespace {

namespace fs = std::filesystem;

struct Removable {
  std::string path;
  absl::Time time;      // oldest first
  absl::Duration keep;  // while there is room
};

DiskSpace DiskOf(const std::string& path) {
  struct statvfs info;
  if (statvfs(path.c_str(), &info) != 0) return {.total = 1, .free = 1};
  return {.total = info.f_blocks * info.f_frsize, .free = info.f_bavail * info.f_frsize};
}

bool Failed(const AttemptRecord& record) {
  return !record.exited.has_value() || !record.exited->has_exit_code() ||
         record.exited->exit_code() != 0;
}

std::vector<Removable> ConfirmedAttempts(const std::vector<AttemptRecord>& records,
                                         const CleanOptions& options) {
  std::vector<Removable> found;
  for (const AttemptRecord& record : records) {
    struct stat info;
    if (!record.confirmed || stat(record.paths.Confirmed().c_str(), &info) != 0) continue;
    found.push_back({.path = record.paths.root(),
                     .time = absl::FromTimeT(info.st_mtime),
                     .keep = Failed(record) ? options.keep_failed : options.keep});
  }
  return found;
}

// A link more than the cache's own: an attempt has it.
std::vector<Removable> CachedFiles(const WorkPaths& work, const CleanOptions& options) {
  std::vector<Removable> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(work.Cache(), error), end; !error && it != end;
       it.increment(error)) {
    struct stat info;
    if (stat(it->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink > 1) {
      continue;
    }
    found.push_back({.path = it->path().string(),
                     .time = absl::FromTimeT(info.st_atime),
                     .keep = options.keep_cached});
  }
  return found;
}

std::vector<Removable> OldCheckpoints(const WorkPaths& work,
                                      const std::vector<AttemptRecord>& records,
                                      const CleanOptions& options) {
  std::set<std::string> held;
  for (const AttemptRecord& record : records) held.insert(record.id().trial_uid());
  std::vector<Removable> found;
  std::error_code error;
  for (fs::directory_iterator it(work.Checkpoints(), error), end; !error && it != end;
       it.increment(error)) {
    struct stat info;
    if (held.contains(it->path().filename().string())) continue;
    if (stat(it->path().c_str(), &info) != 0) continue;
    found.push_back({.path = it->path().string(),
                     .time = absl::FromTimeT(info.st_mtime),
                     .keep = options.keep_checkpoints});
  }
  return found;
}

enum class When { kExpired, kLowDisk };

// Oldest first; with kLowDisk only while the disk is low, and whatever its age says.
int Remove(std::vector<Removable> found, When when, absl::Time now,
           const std::function<bool()>& disk_is_low) {
  std::sort(found.begin(), found.end(),
            [](const Removable& a, const Removable& b) { return a.time < b.time; });
  int removed = 0;
  for (const Removable& item : found) {
    const bool due = when == When::kExpired ? now - item.time >= item.keep : disk_is_low();
    if (!due) continue;
    const absl::Status status = RemoveAll(item.path);
    if (!status.ok()) spdlog::warn("cleaning: {}", FormatStatus(status));
    removed += status.ok() ? 1 : 0;
  }
  return removed;
}

}  // namespace

CleanResult CleanWorkDir(const WorkPaths& work, absl::Time now, const CleanOptions& options) {
  CleanResult result;
  auto records = LoadAttempts(work);
  if (!records.ok()) {
    spdlog::warn("cleaning: {}", FormatStatus(records.status()));
    return result;
  }
  const auto disk_is_low = [&] {
    const DiskSpace disk = options.disk ? options.disk() : DiskOf(work.root());
    return static_cast<double>(disk.free) < options.low_disk * static_cast<double>(disk.total);
  };
  const std::vector<Removable> attempts = ConfirmedAttempts(*records, options);
  result.attempts_removed = Remove(attempts, When::kExpired, now, disk_is_low);
  result.checkpoints_removed =
      Remove(OldCheckpoints(work, *records, options), When::kExpired, now, disk_is_low);
  if (!disk_is_low()) return result;
  // The cache can be had again; what an attempt left on this disk cannot.
  std::vector<Removable> cached = CachedFiles(work, options);
  std::erase_if(cached, [&](const Removable& item) { return now - item.time < item.keep; });
  result.cached_removed = Remove(cached, When::kLowDisk, now, disk_is_low);
  auto left = LoadAttempts(work);
  if (left.ok()) {
    result.attempts_removed +=
        Remove(ConfirmedAttempts(*left, options), When::kLowDisk, now, disk_is_low);
  }
  return result;
}

}  // namespace xp::daemon
