// SQLite's way to the disk, with faults: while one lives it is the VFS of every database that is
// opened by a path, and can make the nth operation of a kind on a kind of file fail, or end the
// process there, as a full disk, a broken one or a power cut would.
//
// What was written since a file's last good sync is known. A sync that fails, and a death with
// Loss::kUnsynced, overwrite it with garbage: neither the kernel nor a disk promises more.
//
// Safe from any thread. Databases must be closed before it ends; one at a time in a process.
#pragma once

#include <absl/base/thread_annotations.h>
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/mutex.h"

namespace xp::store {

enum class DiskOp { kWrite, kSync, kTruncate };
enum class DiskFile { kDatabase, kLog };  // the write-ahead log

struct DiskFault {
  enum class Then {
    kFail,        // the operation answers `code` and does nothing
    kFailOn,      // so does every later one of its kind, until Heal
    kDieBefore,   // SIGKILL in its place
    kDieAfter,    // SIGKILL when it is done
    kDieHalfway,  // of a write: the first half of its bytes, then SIGKILL
  };
  enum class Loss { kNone, kUnsynced };

  DiskOp op = DiskOp::kWrite;
  DiskFile file = DiskFile::kLog;
  int nth = 1;  // from now on; the first is 1
  Then then = Then::kFail;
  int code = SQLITE_IOERR_WRITE;
  Loss loss = Loss::kNone;  // of a death
};

class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // One fault at a time; a new one takes the place of the old.
  void Arm(const DiskFault& fault);
  void Heal();

  // Whether the armed fault has struck.
  bool struck() const;

  // For the file wrappers.
  struct File;
  sqlite3_vfs* real() const { return real_; }
  int Do(File& file, DiskOp op, const void* bytes, int size, int64_t offset);

 private:
  struct Range {
    int64_t offset = 0;
    int64_t size = 0;
  };

  // What is to happen at this operation.
  std::optional<DiskFault> Strike(DiskOp op, DiskFile file);
  void LoseUnsynced();
  static void Scramble(File& file, const std::vector<Range>& ranges);

  sqlite3_vfs vfs_{};
  sqlite3_vfs* const real_;

  mutable Mutex mutex_;
  std::optional<DiskFault> armed_ ABSL_GUARDED_BY(mutex_);
  bool struck_ ABSL_GUARDED_BY(mutex_) = false;
  // By file of the disk: several connections write one file.
  struct Unsynced {
    File* writer = nullptr;
    std::vector<Range> ranges;
  };
  std::map<std::string, Unsynced> unsynced_ ABSL_GUARDED_BY(mutex_);

  friend struct FaultyMethods;
  void Forget(File& file);
};

}  // namespace xp::store
