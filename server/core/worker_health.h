// Notices a worker on which everything fails at once (a broken driver, a full disk, a wrong image):
// three program failures under 10 s in a row, of different trials, and it is to be drained (DESIGN
// section 9), before it eats the queue.
//
// In memory; after a start of the server the rows begin anew. Not thread safe: the writer's thread
// owns it.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/ids.h"

namespace xp::core {

struct WorkerHealthSettings {
  int failures = 3;  // of different trials, one after the other
  absl::Duration quick = absl::Seconds(10);
};

class WorkerHealth {
 public:
  explicit WorkerHealth(WorkerHealthSettings settings = {}) : settings_(settings) {}

  enum class Outcome {
    kFine,            // exit 0
    kProgramFailure,  // exit status, signal, out of memory, command not found
    kOther,           // stopped, preempted, a worker fault: says nothing about the worker
  };
  struct End {
    TrialId trial;
    std::string trial_name;  // "E/T"
    Outcome outcome = Outcome::kOther;
    absl::Duration ran;
    std::string detail;  // "exit 1", "signal 11"
  };

  // Inside the transaction that stores the end of an attempt on `worker`, and may yet be undone:
  // when the worker is to be drained with it, the message that is shown with that.
  std::optional<std::string> Consider(std::string_view worker, const End& end) const;

  // The same end, once it is stored; the same answer. A row that drains the worker is said once and
  // begins anew.
  std::optional<std::string> NoteEnd(std::string_view worker, const End& end);

  // The worker was undrained or is gone: its row begins anew.
  void Forget(std::string_view worker);

 private:
  // A quick failure of a trial that the row does not have yet.
  bool Counts(const std::vector<End>& row, const End& end) const;

  const WorkerHealthSettings settings_;
  absl::flat_hash_map<std::string, std::vector<End>> rows_;
};

}  // namespace xp::core
