// What a change may do: the write methods by subject, all inside the group's transaction and the
// change's own savepoint. Only valid during the call of the change, on the writer's thread.
#pragma once

#include <absl/time/time.h>

namespace xp::store {

class AttemptWrites;
class BackfillWrites;
class ExperimentWrites;
class FileWrites;
class ReportWrites;
class TrialWrites;
class WorkerWrites;

class WriteContext {
 public:
  virtual ~WriteContext() = default;

  virtual ExperimentWrites& experiments() = 0;  // experiment_store.h
  virtual TrialWrites& trials() = 0;            // trial_store.h
  virtual AttemptWrites& attempts() = 0;        // attempt_store.h
  virtual ReportWrites& reports() = 0;          // report_store.h
  virtual BackfillWrites& backfills() = 0;      // backfill_store.h
  virtual FileWrites& files() = 0;              // file_store.h
  virtual WorkerWrites& workers() = 0;          // worker_store.h

  // The server's wall time, the same for the whole change.
  virtual absl::Time now() const = 0;
};

}  // namespace xp::store
