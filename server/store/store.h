// The store: everything that xp remembers, in the words of DESIGN section 2. An interface, so that
// another store can stand beside sqlite/. Changes are made in closures over a WriteContext, which
// the one writer groups into transactions; queries are typed and answer whole, materialised pages.
//
// Threads: every method may be called from any thread unless it says otherwise. A change runs on
// the writer's thread; so do listeners and `done` callbacks: they must be short and must not call
// Apply (deadlock), but may call Enqueue. Queries block for the time of the query and hold nothing
// open afterwards.
//
// Codes that any change may be answered with, beside those that its methods name:
//   RESOURCE_EXHAUSTED  the writer's queue is full, or the disk is (below its reserve only for
//                       reports and uploads; states, heartbeats and deletes still go)
//   UNAVAILABLE         the transaction could not be written or committed (I/O error), or the store
//                       is stopping; nothing of the group is stored; call again
//   DATA_LOSS           what is stored cannot be read
// Any query may answer UNAVAILABLE (I/O error, stopping) and DATA_LOSS.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proto/clock.h"
#include "server/store/commit_listener.h"
#include "server/store/disk_space.h"
#include "server/store/write_context.h"

namespace xp::store {

class AdminReads;
class AttemptReads;
class BackfillReads;
class Blobs;
class ExperimentReads;
class FileReads;
class LogReads;
class MetricReads;
class TrialReads;
class WorkerReads;

// A change: runs once on the writer's thread, in a savepoint of its own. Any status but OK takes
// back what it did and is its answer. It may run while others of its group fail.
using Change = std::function<absl::Status(WriteContext&)>;
// Called once, on the writer's thread, when the change is durable, or is refused. The listeners
// have seen the commit before.
using Done = std::function<void(const absl::Status&)>;

struct StoreOptions {
  enum class Place {
    kDisk,    // data_dir/xp.db
    kMemory,  // for tests: the database dies with the store; blobs still lie in data_dir
  };
  std::string data_dir;  // made when it is not there
  Place place = Place::kDisk;

  Clock* clock = nullptr;            // required; outlives the store
  DiskSpace* disk_space = nullptr;   // nothing: statvfs of data_dir; else outlives the store
  std::function<uint64_t()> random;  // for uids; nothing: std::random_device
  // The disk can no longer be trusted (a failed fsync): called on the writer's thread, must end the
  // process, which recovers by starting again. Nothing: logs and aborts.
  std::function<void(const absl::Status&)> fatal;

  uint64_t disk_reserve_bytes = 512ull << 20;  // below it reports and uploads are refused
  uint64_t log_limit_bytes = 10ull << 30;      // of a source, before compression; kept whole so far
  uint64_t log_tail_kept_bytes = 64ull << 20;  // beyond the limit the last so many are kept
  uint64_t checkpoint_bytes = 256ull << 20;    // a longer write-ahead log is truncated
  size_t writer_queue_max = 10'000;            // changes waiting; more are RESOURCE_EXHAUSTED
  size_t group_max = 1'000;                    // changes in one transaction
  int readers = 4;                             // read-only connections
  absl::Duration blob_pin = absl::Hours(24);
  absl::Duration maintenance_period = absl::Seconds(2);
};

class Store {
 public:
  virtual ~Store() = default;

  // Hands a change to the writer and waits for the answer. Not from the writer's thread.
  absl::Status Apply(Change change);

  // The same for a change that answers something: `auto trial = store.Apply<v1::Trial>(...)`.
  template <typename T>
  absl::StatusOr<T> Apply(std::function<absl::StatusOr<T>(WriteContext&)> change) {
    std::optional<T> result;
    absl::Status status = Apply([&](WriteContext& context) -> absl::Status {
      absl::StatusOr<T> answer = change(context);
      if (!answer.ok()) return std::move(answer).status();
      result = *std::move(answer);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return *std::move(result);
  }

  // Hands a change to the writer and returns. Changes of one caller are applied in the order handed
  // over. When the queue is full or the store is stopping, `done` is called before this returns.
  virtual void Enqueue(Change change, Done done) = 0;

  // Queries; each object lives as long as the store. A caller that was answered reads its write.
  virtual ExperimentReads& experiments() = 0;  // experiment_store.h
  virtual TrialReads& trials() = 0;            // trial_store.h
  virtual AttemptReads& attempts() = 0;        // attempt_store.h
  virtual MetricReads& metrics() = 0;          // metric_store.h
  virtual LogReads& logs() = 0;                // log_store.h
  virtual BackfillReads& backfills() = 0;      // backfill_store.h
  virtual FileReads& files() = 0;              // file_store.h
  virtual WorkerReads& workers() = 0;          // worker_store.h
  virtual AdminReads& admin() = 0;             // admin_store.h
  // Files and their rows: manages its own changes (blob_store.h).
  virtual Blobs& blobs() = 0;

  // Listeners are called in the order added. Both wait until no listener is being called, so after
  // RemoveListener returns the listener is not called again. Not from a listener.
  virtual void AddListener(CommitListener* listener) = 0;
  virtual void RemoveListener(CommitListener* listener) = 0;

  // The background work: merging chunks, removing what was deleted, collecting blobs, checkpoints.
  // Without Start nothing of it happens by itself. Stop refuses new changes (UNAVAILABLE), writes
  // what waits, joins all threads and closes; it is called by the destructor, and twice is fine.
  virtual void Start() = 0;
  virtual void Stop() = 0;

  // One whole round of the background work, here and now (for tests and `xpserver --check`).
  virtual absl::Status RunMaintenance() = 0;
};

// Opens (or makes) the store in `options.data_dir`, which is locked for this process, and brings an
// older database up to date. The writer runs from here on; call Start for the background work.
// FAILED_PRECONDITION: another process has the folder; the database is newer than this program, or
// is none of xp's. INVALID_ARGUMENT: bad options. UNAVAILABLE: I/O. DATA_LOSS: damaged.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(StoreOptions options);

}  // namespace xp::store
