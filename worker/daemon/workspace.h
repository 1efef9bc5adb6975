// Brings an attempt's folder to where its command can begin: the source unpacked, the inputs under
// inputs/<channel>/, empty output and model folders, the checkpoint folder as a copy of its
// predecessor's (DESIGN section 11).
//
// Free functions; safe from any thread, one caller per attempt. What an earlier, interrupted
// preparation left is removed first.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "worker/daemon/attempt_paths.h"
#include "worker/daemon/input_cache.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

struct PrepareOptions {
  std::function<bool()> cancelled;
  std::function<void(const std::string&)> say;  // what it does at the moment, for people
};

struct Workspace {
  std::string checkpoint_dir;
  // Where the checkpoint folder came from when that is not what was assigned; for people.
  std::string checkpoint_note;
  bool has_checkpoint = false;  // the folder is not empty
};

// Why there is no workspace: whose fault that is decides what the trial ends as.
enum class PrepareFault { kInput, kWorker, kTryAgain, kCancelled };
PrepareFault FaultOf(const absl::Status& status);

// INVALID_ARGUMENT, NOT_FOUND, DATA_LOSS, FAILED_PRECONDITION: the inputs or the source cannot be
// had (kInput). UNAVAILABLE: no server (kTryAgain). CANCELLED. Others: this machine (kWorker).
absl::StatusOr<Workspace> PrepareWorkspace(const WorkPaths& work, const AttemptPaths& paths,
                                           const v1::Assignment& assignment, InputCache& cache,
                                           const PrepareOptions& options);

}  // namespace xp::daemon
