// What `submit --wait` shows while trials run: each change of a state as a line, and on a terminal
// a bar below with the counts. Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>
#include <vector>

#include "client/xpctl/progress.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

class WaitProgress {
 public:
  WaitProgress(World& world, std::vector<std::string> trials);

  void Update(const v1::WatchTrialsResponse& changes);
  void Interrupted();
  void Done() { progress_.Clear(); }

  // Of the trials that were waited for: those that did not complete, as they were seen last.
  std::vector<v1::Trial> NotCompleted() const;

 private:
  void Redraw();

  World& world_;
  Progress progress_;
  const absl::Time began_;
  std::map<std::string, v1::Trial> trials_;  // by bare name; those never seen have no state
};

}  // namespace xp::xpctl
