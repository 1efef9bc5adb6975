// The folder of a store: xp.db, blobs/, and the lock that keeps a second server out.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>

namespace xp::store {

// Immutable after Open; safe from any thread. The lock is held until the object goes, and by the
// kernel's doing also when the process dies.
class DataFolder {
 public:
  // Makes the folder (0700) where it is not there. FAILED_PRECONDITION: another process has it (the
  // message gives its pid); UNAVAILABLE: it cannot be made or locked.
  static absl::StatusOr<std::unique_ptr<DataFolder>> Open(const std::string& path);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  // To be asked before a database is made, and before SQLite opens an empty file (it would remove
  // the write-ahead log of a lost one). FAILED_PRECONDITION: files of a store lie here, so its
  // database was lost; the message says what lies where and what to do.
  absl::Status CheckNothingIsLost() const;

  // The database file is not there or has no bytes.
  bool HasNoDatabase() const;

  const std::string& path() const { return path_; }
  std::string database_path() const { return path_ + "/xp.db"; }
  std::string blob_path() const { return path_ + "/blobs"; }

 private:
  DataFolder(std::string path, int lock_fd);

  const std::string path_;
  const int lock_fd_;
};

}  // namespace xp::store
