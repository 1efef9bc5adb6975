// Keeps the worker's disk from filling up (DESIGN section 11, end): an attempt's folder stays until
// the server has confirmed the end and 24 h more (failed ones 7 days), less when the disk is nearly
// full, oldest first; the cache is cut by last use. What is not confirmed is never touched.
//
// Free functions; one caller at a time, beside running attempts.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "worker/daemon/attempt_paths.h"

namespace xp::daemon {

struct DiskSpace {
  uint64_t total = 0;  // bytes
  uint64_t free = 0;
};

struct CleanOptions {
  absl::Duration keep = absl::Hours(24);
  absl::Duration keep_failed = absl::Hours(7 * 24);
  // Checkpoint folders of a trial that no attempt here belongs to any more, by last change.
  absl::Duration keep_checkpoints = absl::Hours(7 * 24);
  double low_disk = 0.10;  // free part of the disk below which everything confirmed may go
  // What was used more recently stays in the cache: an attempt may be about to link it.
  absl::Duration keep_cached = absl::Hours(1);
  std::function<DiskSpace()> disk;  // empty: of the work folder
};

struct CleanResult {
  int attempts_removed = 0;
  int cached_removed = 0;
  int checkpoints_removed = 0;
};

CleanResult CleanWorkDir(const WorkPaths& work, absl::Time now, const CleanOptions& options = {});

}  // namespace xp::daemon
