// The newest numbers of trials that run, for those who wait for them. Not thread safe.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/cpp/client.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

class RunningNumbers {
 public:
  // `trials`: bare names. Asks for the first time a minute after `began`. `client` must outlive it.
  RunningNumbers(client::Client& client, std::string experiment,
                 const std::vector<std::string>& trials, absl::Time began);

  struct Line {
    std::string trial;    // "E/T"
    std::string numbers;  // "test:loss 0.62, test:f1 0.78": the last of each metric, at most 8
  };
  // At most once a minute, whatever the number of calls: a line for each running trial with points
  // that were not told yet, at most 20; looks at the first 100, by name, that the experiment runs.
  // None where the server does not answer: that is for the watch to tell.
  std::vector<Line> News(absl::Time now);

 private:
  bool HasNew(const v1::CompareRow& row);

  client::Client& client_;
  const std::string experiment_;
  const std::set<std::string> trials_;
  absl::Time asked_;
  std::map<std::string, std::pair<int, uint64_t>> told_;  // by bare name: attempt, its points
};

}  // namespace xp::xpctl
