// From a line to its points: runs the rules over the lines of one block, in order, and keeps the
// counters. Order of points: by line, then rule, then match.
//
// Threads: one. Lifetime: rules, block, sink and counters must outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/compiled_rules.h"
#include "worker/capture/line_splitter.h"
#include "worker/capture/point_sink.h"
#include "worker/capture/report_cut.h"

namespace xp::capture {

class MetricExtract {
 public:
  // `block`: the bytes that hold all lines to come.
  MetricExtract(const MetricRules& rules, Matching matching, std::string_view block,
                PointSink* sink, std::vector<RuleCounters>* counters);

  // False if the line is empty once its escape sequences are gone: then it is no line.
  bool Extract(const Line& line);

 private:
  void ExtractNaive(const Line& line, std::string_view text);
  void ExtractFiltered(const Line& line, bool has_escape);
  void RunDefinition(size_t rule, const Line& line, std::string_view text);

  const MetricRules::Compiled& rules_;
  const Matching matching_;
  PointSink* const sink_;
  NearestSearch nearest_;
  BlockScan literals_;
  BlockScan words_;
  std::string clean_;            // buffer of the current line
  std::vector<int> candidates_;  // likewise
};

}  // namespace xp::capture
