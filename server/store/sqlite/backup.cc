#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "proto/status.h"
#include "server/store/sqlite/schema.h"
#include "server/store/sqlite/sqlite_admin.h"
#include "server/store/tar_writer.h"

namespace xp::store {
namespace {

struct BlobFile {
  std::string sha256;
  uint64_t size = 0;
};

// A file that goes with its object.
class ScratchFile {
 public:
  explicit ScratchFile(std::string path) : path_(std::move(path)) { unlink(path_.c_str()); }
  ~ScratchFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

absl::StatusOr<std::vector<BlobFile>> ListBlobs(const std::string& copy) {
  XP_ASSIGN_OR_RETURN(const auto db, Database::Open(copy, Database::Mode::kReadOnly));
  std::vector<BlobFile> blobs;
  Query query(*db, "SELECT sha256, size FROM blobs ORDER BY id");
  while (query.Next()) blobs.push_back({query.Text(0), query.Uint(1)});
  XP_RETURN_IF_ERROR(query.status());
  return blobs;
}

// The one backup that may run.
class Turn {
 public:
  Turn(Mutex& mutex, bool& runs) : mutex_(mutex), runs_(runs) {}
  ~Turn() {
    MutexLock lock(mutex_);
    runs_ = false;
  }

 private:
  Mutex& mutex_;
  bool& runs_;
};

}  // namespace

absl::Status SqliteAdmin::BackUp(const BackUpSink& sink) {
  {
    MutexLock lock(backup_mutex_);
    if (backup_runs_) {
      return absl::AbortedError("another backup runs: wait for its end, then try again");
    }
    backup_runs_ = true;
  }
  const Turn turn(backup_mutex_, backup_runs_);
  const BlobClaims::Pause pause(parts_.claims);
  const ScratchFile copy(parts_.folder->path() + "/backup.db");

  // One statement, one read transaction: the database as it is at this moment, without the free
  // pages. The writer goes on meanwhile.
  {
    XP_ASSIGN_OR_RETURN(const auto db,
                        Database::Open(parts_.database_location, Database::Mode::kReadWrite));
    // The copy of a database in memory would lie in memory too.
    const bool on_disk = parts_.options->place == StoreOptions::Place::kDisk;
    const std::string target =
        on_disk ? copy.path() : absl::StrCat("file:", copy.path(), "?vfs=unix");
    XP_RETURN_IF_ERROR(db->Run("VACUUM INTO ?", target));
  }
  std::error_code error;
  const uint64_t database_bytes = std::filesystem::file_size(copy.path(), error);
  if (error) return FileError(error.value(), "asking for the size of", copy.path());
  XP_ASSIGN_OR_RETURN(const auto blobs, ListBlobs(copy.path()));
  uint64_t blob_bytes = 0;
  for (const BlobFile& blob : blobs) blob_bytes += blob.size;

  constexpr uint64_t kHeaderBytes = 1024;  // of an entry, with its padding
  const uint64_t total = database_bytes + blob_bytes + (blobs.size() + 2) * kHeaderBytes;
  TarWriter tar([&](std::string_view bytes) { return sink(bytes, total); });
  XP_RETURN_IF_ERROR(tar.Open());
  XP_RETURN_IF_ERROR(tar.AddFile("xp.db", copy.path(), database_bytes));
  for (const BlobFile& blob : blobs) {
    const std::string name = absl::StrCat("blobs/", blob.sha256.substr(0, 2), "/", blob.sha256);
    XP_RETURN_IF_ERROR(tar.AddFile(name, parts_.blobs->FilePath(blob.sha256), blob.size));
  }
  const nlohmann::json summary = {
      {"version", XP_VERSION},
      {"schema_version", Migrations().size()},
      {"store_id", parts_.store_id},
      {"database_bytes", database_bytes},
      {"blob_count", blobs.size()},
      {"blob_bytes", blob_bytes},
      {"time",
       absl::FormatTime(absl::RFC3339_sec, parts_.options->clock->Now(), absl::UTCTimeZone())}};
  XP_RETURN_IF_ERROR(tar.AddText("backup.json", summary.dump(2) + "\n"));
  return tar.Close();
}

}  // namespace xp::store
