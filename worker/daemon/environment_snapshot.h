// What an attempt ran in, written once when it starts and uploaded with its artifacts: where its
// source came from, installed packages, driver, host. Best effort: what cannot be had is left out
// and named. Free functions; safe from any thread, one caller per attempt.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "worker/daemon/attempt_paths.h"
#include "xp/v1/workers.pb.h"

namespace xp::daemon {

// A tool whose output becomes a file of the snapshot.
struct PackageList {
  std::string file;
  std::vector<std::string> command;
};
// Python's packages (of the python3 in the training's PATH) and the system's.
std::vector<PackageList> DefaultPackageLists();

struct SnapshotFacts {
  std::string host;
  std::string driver;                    // of the GPUs; empty without one
  std::vector<v1::Slot> slots;           // those of the attempt
  std::vector<std::string> environment;  // of the tools, "NAME=value"
  std::vector<PackageList> lists;
};

// Writes the lists and then environment/environment.json. Takes at most `patience` for each list.
absl::Status WriteEnvironmentSnapshot(const AttemptPaths& paths, const v1::Assignment& assignment,
                                      const SnapshotFacts& facts,
                                      absl::Duration patience = absl::Seconds(20));

}  // namespace xp::daemon
