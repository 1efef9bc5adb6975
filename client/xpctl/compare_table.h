// The compare table out of the server's answer: columns per metric and statistic, marks, notes, and
// the same as JSON and CSV. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "client/xpctl/session.h"
#include "xp/v1/metrics.pb.h"

namespace xp::xpctl {

// Of avg, last, min, max, first, stddev, count; the first one ranks.
struct CompareLayout {
  std::vector<std::string> stats = {"avg"};
  enum class Params { kNone, kDiffering };
  Params params = Params::kNone;  // columns of those that are not the same in every row
};

const std::vector<std::string>& StatNames();

Report MakeCompareReport(const v1::CompareTrialsResponse& response, const CompareLayout& layout);

}  // namespace xp::xpctl
