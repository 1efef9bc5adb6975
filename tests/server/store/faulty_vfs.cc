#include "tests/server/store/faulty_vfs.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace xp::store {

// What SQLite allocates for an open file: ours in front, the real one behind.
struct FaultyVfs::File {
  sqlite3_file base;
  FaultyVfs* owner;
  std::optional<DiskFile> kind;  // nothing: a file that no fault is for
  std::string name;
  sqlite3_file* real;
};

namespace {

FaultyVfs::File& Ours(sqlite3_file* file) { return *reinterpret_cast<FaultyVfs::File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Ours(file).real; }
const sqlite3_io_methods& Methods(sqlite3_file* file) { return *Real(file)->pMethods; }
FaultyVfs& Owner(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  while (true) pause();  // the signal is on its way
}

}  // namespace

// The tables of functions that SQLite wants.
struct FaultyMethods {
  static int Close(sqlite3_file* file) {
    FaultyVfs::File& ours = Ours(file);
    ours.owner->Forget(ours);
    const int code = Methods(file).xClose(ours.real);
    ours.~File();
    return code;
  }
  static int Read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    return Methods(file).xRead(Real(file), into, size, offset);
  }
  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    return Ours(file).owner->Do(Ours(file), DiskOp::kWrite, from, size, offset);
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    return Ours(file).owner->Do(Ours(file), DiskOp::kTruncate, nullptr, 0, size);
  }
  static int Sync(sqlite3_file* file, int flags) {
    return Ours(file).owner->Do(Ours(file), DiskOp::kSync, nullptr, flags, 0);
  }
  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    return Methods(file).xFileSize(Real(file), size);
  }
  static int Lock(sqlite3_file* file, int level) { return Methods(file).xLock(Real(file), level); }
  static int Unlock(sqlite3_file* file, int level) {
    return Methods(file).xUnlock(Real(file), level);
  }
  static int CheckReservedLock(sqlite3_file* file, int* result) {
    return Methods(file).xCheckReservedLock(Real(file), result);
  }
  static int FileControl(sqlite3_file* file, int op, void* argument) {
    return Methods(file).xFileControl(Real(file), op, argument);
  }
  static int SectorSize(sqlite3_file* file) { return Methods(file).xSectorSize(Real(file)); }
  static int Characteristics(sqlite3_file* file) {
    return Methods(file).xDeviceCharacteristics(Real(file));
  }
  static int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** into) {
    return Methods(file).xShmMap(Real(file), region, size, extend, into);
  }
  static int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
    return Methods(file).xShmLock(Real(file), offset, count, flags);
  }
  static void ShmBarrier(sqlite3_file* file) { Methods(file).xShmBarrier(Real(file)); }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    return Methods(file).xShmUnmap(Real(file), remove);
  }

  // Without xFetch: nothing is read or written past these functions by a mapping.
  static constexpr sqlite3_io_methods kTable = {2,
                                                Close,
                                                Read,
                                                Write,
                                                Truncate,
                                                Sync,
                                                FileSize,
                                                Lock,
                                                Unlock,
                                                CheckReservedLock,
                                                FileControl,
                                                SectorSize,
                                                Characteristics,
                                                ShmMap,
                                                ShmLock,
                                                ShmBarrier,
                                                ShmUnmap,
                                                nullptr,
                                                nullptr};

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    FaultyVfs& owner = Owner(vfs);
    auto* ours = new (file) FaultyVfs::File{{nullptr}, &owner, std::nullopt, "", nullptr};
    ours->real = reinterpret_cast<sqlite3_file*>(ours + 1);
    if (flags & SQLITE_OPEN_MAIN_DB) ours->kind = DiskFile::kDatabase;
    if (flags & SQLITE_OPEN_WAL) ours->kind = DiskFile::kLog;
    if (name != nullptr) ours->name = name;
    const int code = owner.real()->xOpen(owner.real(), name, ours->real, flags, out);
    if (ours->real->pMethods != nullptr) {
      ours->base.pMethods = &kTable;
    } else {
      ours->~File();
      file->pMethods = nullptr;  // SQLite will not close it
    }
    return code;
  }
};

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find("unix")) {
  vfs_ = *real_;
  vfs_.pNext = nullptr;
  vfs_.zName = "faulty";
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.pAppData = this;
  vfs_.xOpen = FaultyMethods::Open;
  EXPECT_EQ(sqlite3_vfs_register(&vfs_, 1), SQLITE_OK);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyVfs::Arm(const DiskFault& fault) {
  MutexLock lock(mutex_);
  armed_ = fault;
  struck_ = false;
}

void FaultyVfs::Heal() {
  MutexLock lock(mutex_);
  armed_.reset();
}

bool FaultyVfs::struck() const {
  MutexLock lock(mutex_);
  return struck_;
}

std::optional<DiskFault> FaultyVfs::Strike(DiskOp op, DiskFile file) {
  MutexLock lock(mutex_);
  if (!armed_ || armed_->op != op || armed_->file != file) return std::nullopt;
  if (armed_->nth > 1) {
    --armed_->nth;
    return std::nullopt;
  }
  struck_ = true;
  const DiskFault fault = *armed_;
  if (fault.then != DiskFault::Then::kFailOn) armed_.reset();
  return fault;
}

int FaultyVfs::Do(File& file, DiskOp op, const void* bytes, int size, int64_t offset) {
  using Then = DiskFault::Then;
  const auto fault = file.kind ? Strike(op, *file.kind) : std::nullopt;
  const auto die = [&] {
    if (fault->loss == DiskFault::Loss::kUnsynced) LoseUnsynced();
    Die();
  };
  if (fault && (fault->then == Then::kFail || fault->then == Then::kFailOn)) {
    if (op == DiskOp::kSync) LoseUnsynced();
    return fault->code;
  }
  if (fault && fault->then == Then::kDieBefore) die();
  int code = SQLITE_OK;
  switch (op) {
    case DiskOp::kWrite: {
      if (fault && fault->then == Then::kDieHalfway) size /= 2;
      code = file.real->pMethods->xWrite(file.real, bytes, size, offset);
      MutexLock lock(mutex_);
      unsynced_[file.name].writer = &file;
      unsynced_[file.name].ranges.push_back({offset, size});
      break;
    }
    case DiskOp::kSync: {
      code = file.real->pMethods->xSync(file.real, size);
      MutexLock lock(mutex_);
      if (code == SQLITE_OK) unsynced_.erase(file.name);
      break;
    }
    case DiskOp::kTruncate:
      code = file.real->pMethods->xTruncate(file.real, offset);
      break;
  }
  if (fault) die();
  return code;
}

// Not under the lock while writing: the real file has locks of its own.
void FaultyVfs::LoseUnsynced() {
  std::map<std::string, Unsynced> lost;
  {
    MutexLock lock(mutex_);
    lost = std::exchange(unsynced_, {});
  }
  for (const auto& [name, unsynced] : lost) Scramble(*unsynced.writer, unsynced.ranges);
}

void FaultyVfs::Scramble(File& file, const std::vector<Range>& ranges) {
  sqlite3_int64 end = 0;
  file.real->pMethods->xFileSize(file.real, &end);
  for (const Range& range : ranges) {
    const int64_t size = std::min<int64_t>(range.size, end - range.offset);
    if (size <= 0) continue;  // cut off meanwhile
    const std::string garbage(static_cast<size_t>(size), '\x5a');
    file.real->pMethods->xWrite(file.real, garbage.data(), static_cast<int>(size), range.offset);
  }
}

void FaultyVfs::Forget(File& file) {
  MutexLock lock(mutex_);
  for (auto entry = unsynced_.begin(); entry != unsynced_.end();) {
    entry = entry->second.writer == &file ? unsynced_.erase(entry) : std::next(entry);
  }
}

}  // namespace xp::store
