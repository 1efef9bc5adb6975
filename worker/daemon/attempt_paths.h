// Where things lie below the worker's folder (docs/attempt-folder.md, "The worker's folder").
// Values; safe from any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <utility>

#include "worker/runner/attempt_folder.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// The files of one attempt that the daemon owns, beside the runner's.
class AttemptPaths {
 public:
  explicit AttemptPaths(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  runner::AttemptFolder Runner() const { return runner::AttemptFolder(root_); }

  // Messages as they were sent or will be, written durably in this order; what is there says how
  // far the attempt has come.
  std::string Assignment() const { return root_ + "/assignment.pb"; }
  // There, and empty: the command goes on from its predecessor's checkpoint (Started.resumed).
  std::string Resuming() const { return root_ + "/resuming"; }
  std::string Started() const { return root_ + "/started.pb"; }
  std::string Exited() const { return root_ + "/exited.pb"; }
  std::string Finished() const { return root_ + "/finished.pb"; }
  std::string Confirmed() const { return Runner().ConfirmedFile(); }

  std::string Work() const { return root_ + "/work"; }  // the working directory
  std::string Inputs() const { return Work() + "/inputs"; }
  std::string Output() const { return Runner().OutputDir(); }
  std::string Model() const { return Runner().ModelDir(); }
  std::string Environment() const { return root_ + "/environment"; }
  std::string MetricsFile() const { return Runner().MetricsFile(); }

 private:
  std::string root_;
};

// The worker's whole folder.
class WorkPaths {
 public:
  explicit WorkPaths(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string Lock() const { return root_ + "/lock"; }
  std::string Name() const { return root_ + "/name"; }
  std::string Attempts() const { return root_ + "/attempts"; }
  std::string Cache() const { return root_ + "/cache"; }
  std::string Checkpoints() const { return root_ + "/checkpoints"; }

  // INVALID_ARGUMENT when the uid could not be the name of a folder.
  absl::StatusOr<AttemptPaths> Attempt(const v1::AttemptId& attempt) const;
  // One folder per attempt, below the worker's folder or `shared` where that is not empty.
  std::string CheckpointDir(const v1::AttemptId& attempt, const std::string& shared) const;

 private:
  std::string root_;
};

}  // namespace xp::daemon
