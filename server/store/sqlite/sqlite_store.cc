#include "server/store/sqlite/sqlite_store.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <utility>

#include "proto/status.h"
#include "server/store/sqlite/backfill_plan.h"
#include "server/store/sqlite/schema.h"

namespace xp::store {
namespace {

uint64_t DeviceRandom() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

void LogAndAbort(const absl::Status& status) {
  spdlog::critical("the disk can no longer be trusted, ending: {}", FormatStatus(status));
  std::abort();
}

StoreOptions WithDefaults(StoreOptions options) {
  if (!options.random) options.random = DeviceRandom;
  if (!options.fatal) options.fatal = LogAndAbort;
  return options;
}

// The memory databases of one process have names of their own.
std::string MemoryLocation() {
  static std::atomic<int> count = 0;
  return absl::StrCat("file:/xp-", ++count, "?vfs=memdb");
}

absl::Status Configure(Database& db, StoreOptions::Place place) {
  // What is deleted need not be overwritten (Debian's build would), and 64 MiB of cache spare
  // reads.
  XP_RETURN_IF_ERROR(db.Run("PRAGMA foreign_keys = ON"));
  XP_RETURN_IF_ERROR(db.Run("PRAGMA secure_delete = OFF"));
  XP_RETURN_IF_ERROR(db.Run("PRAGMA cache_size = -65536"));
  XP_RETURN_IF_ERROR(db.Run("PRAGMA temp_store = MEMORY"));
  if (place == StoreOptions::Place::kMemory) return db.Run("PRAGMA journal_mode = MEMORY");
  XP_RETURN_IF_ERROR(db.Run("PRAGMA page_size = 4096"));
  XP_RETURN_IF_ERROR(db.Run("PRAGMA journal_mode = WAL"));
  XP_RETURN_IF_ERROR(db.Run("PRAGMA synchronous = FULL"));
  // Checkpoints have a thread of their own (checkpointer.h).
  return db.Run("PRAGMA wal_autocheckpoint = 0");
}

absl::StatusOr<std::string> RequireStoreId(Database& db, const StoreOptions& options) {
  XP_RETURN_IF_ERROR(db.Run("INSERT OR IGNORE INTO meta (key, value) VALUES ('store_id', ?)",
                            absl::StrCat(absl::Hex(options.random(), absl::kZeroPad16),
                                         absl::Hex(options.random(), absl::kZeroPad16))));
  Query query(db, "SELECT value FROM meta WHERE key = 'store_id'");
  std::string id = query.Next() ? query.Text(0) : "";
  XP_RETURN_IF_ERROR(query.status());
  return id;
}

absl::Status CheckOptions(const StoreOptions& options) {
  if (options.data_dir.empty()) return absl::InvalidArgumentError("data_dir: is empty");
  if (options.clock == nullptr) return absl::InvalidArgumentError("clock: is missing");
  if (options.readers < 1) return absl::InvalidArgumentError("readers: at least 1");
  return absl::OkStatus();
}

GroupCommit::Options WriterOptions(const StoreOptions& options) {
  return {options.writer_queue_max, options.group_max, options.fatal};
}

}  // namespace

SqliteStore::SqliteStore(StoreOptions options, Opened opened)
    : options_(std::move(options)),
      opened_(std::move(opened)),
      real_disk_(opened_.folder->path()),
      disk_(options_.disk_space != nullptr ? *options_.disk_space : real_disk_),
      blob_folder_(opened_.folder->blob_path()),
      session_(opened_.writer.get(), &options_, &blob_folder_, &disk_),
      backend_(&session_, options_.clock),
      writer_(&backend_, options_.clock, WriterOptions(options_)),
      experiments_(opened_.readers.get()),
      trials_(opened_.readers.get()),
      attempts_(opened_.readers.get()),
      metrics_(opened_.readers.get()),
      logs_(opened_.readers.get()),
      backfills_(opened_.readers.get()),
      files_(opened_.readers.get()),
      workers_(opened_.readers.get()),
      blobs_({this, opened_.readers.get(), &blob_folder_, &claims_, &disk_, &options_}),
      admin_({opened_.readers.get(), &writer_, &blob_folder_, &claims_, &disk_, &options_,
              opened_.folder.get(), opened_.database_location, opened_.store_id}),
      maintenance_({this, opened_.readers.get(), &blob_folder_, &claims_, &options_}),
      checkpointer_(opened_.checkpointer.get(), &options_) {
  AddListener(&maintenance_);
  writer_.Start();
}

SqliteStore::~SqliteStore() { Stop(); }

void SqliteStore::Enqueue(Change change, Done done) {
  writer_.Enqueue(std::move(change), std::move(done));
}

void SqliteStore::AddListener(CommitListener* listener) { writer_.AddListener(listener); }
void SqliteStore::RemoveListener(CommitListener* listener) { writer_.RemoveListener(listener); }

void SqliteStore::Start() {
  maintenance_.Start();
  checkpointer_.Start();
}

void SqliteStore::Stop() {
  maintenance_.Stop();  // first: it hands changes to the writer
  writer_.Stop();
  checkpointer_.Stop();
}

absl::Status SqliteStore::RunMaintenance() {
  XP_RETURN_IF_ERROR(checkpointer_.Run());
  return maintenance_.RunRound();
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(StoreOptions given) {
  XP_RETURN_IF_ERROR(CheckOptions(given));
  const StoreOptions options = WithDefaults(std::move(given));
  const bool on_disk = options.place == StoreOptions::Place::kDisk;
  SqliteStore::Opened opened;
  XP_ASSIGN_OR_RETURN(opened.folder, DataFolder::Open(options.data_dir));
  opened.database_location = on_disk ? opened.folder->database_path() : MemoryLocation();
  const std::string& location = opened.database_location;
  if (on_disk && opened.folder->HasNoDatabase()) {
    XP_RETURN_IF_ERROR(opened.folder->CheckNothingIsLost());
  }
  XP_RETURN_IF_ERROR(BlobFolder(opened.folder->blob_path()).Prepare());
  XP_ASSIGN_OR_RETURN(opened.writer, Database::Open(location, Database::Mode::kReadWrite));
  XP_RETURN_IF_ERROR(Annotate(CheckSchema(*opened.writer), location));
  if (on_disk) {
    XP_ASSIGN_OR_RETURN(const int version, SchemaVersion(*opened.writer));
    if (version == 0) XP_RETURN_IF_ERROR(opened.folder->CheckNothingIsLost());
  }
  XP_RETURN_IF_ERROR(Configure(*opened.writer, options.place));
  XP_RETURN_IF_ERROR(Annotate(MigrateSchema(*opened.writer), location));
  XP_RETURN_IF_ERROR(DropBuilds(*opened.writer, 0));  // what an earlier process did not finish
  XP_ASSIGN_OR_RETURN(opened.store_id, RequireStoreId(*opened.writer, options));
  XP_ASSIGN_OR_RETURN(opened.readers, ReaderPool::Open(location, options.readers));
  if (on_disk) {
    XP_ASSIGN_OR_RETURN(opened.checkpointer, Database::Open(location, Database::Mode::kReadWrite));
    XP_RETURN_IF_ERROR(opened.checkpointer->Run("PRAGMA synchronous = FULL"));
    // While it waits for readers to leave, the writer waits for it: a backup reads for minutes.
    XP_RETURN_IF_ERROR(opened.checkpointer->Run("PRAGMA busy_timeout = 20"));
  }
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(options, std::move(opened)));
}

}  // namespace xp::store
