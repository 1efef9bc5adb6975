// What `submit --wait` shows while trials run: each change of a state and the numbers so far as
// lines, and on a terminal a bar below with the counts. Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/xpctl/progress.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

class WaitProgress {
 public:
  // `trials`: bare names.
  WaitProgress(World& world, std::string experiment, const std::vector<std::string>& trials);

  void Update(const v1::WatchTrialsResponse& changes);
  // What a running trial ("E/T") has come to.
  void Numbers(const std::string& trial, const std::string& numbers) { Say(trial, numbers); }
  void Interrupted();
  void Done() { progress_.Clear(); }

  // When all is over: a line for each trial that was waited for and did not complete.
  std::vector<std::string> NotCompleted() const;

 private:
  void Redraw();

  void Say(const std::string& name, const std::string& news);

  World& world_;
  Progress progress_;
  const std::string experiment_;
  const absl::Time began_;
  std::map<std::string, v1::Trial> trials_;  // by bare name; those not seen yet have no state
  std::set<std::string> deleted_;            // bare names
};

}  // namespace xp::xpctl
