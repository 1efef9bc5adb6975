// Verbs for the tests of capture: rules from pairs, a whole log in one report, and the same log in
// many reads and reports, put together again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/capture/report_cut.h"

namespace xp::capture {

// One point with its series' name, comparable whatever report it came in.
struct NamedPoint {
  std::string series;
  double value = 0;
  std::optional<int64_t> step;
  std::optional<double> epoch;
  int64_t time_ms = 0;
  uint64_t offset = 0;
};
bool operator==(const NamedPoint& a, const NamedPoint& b);
std::ostream& operator<<(std::ostream& out, const NamedPoint& point);

// All that a log gave, however it was cut.
struct Collected {
  std::vector<NamedPoint> points;
  std::vector<RuleCounters> counters;
  uint64_t lines = 0;
  uint64_t long_lines = 0;
  uint64_t reports = 0;
  LogPosition end;
};
bool operator==(const Collected& a, const Collected& b);  // `reports` aside
std::ostream& operator<<(std::ostream& out, const Collected& collected);

using NamesAndRegexes = std::vector<std::pair<std::string, std::string>>;
std::shared_ptr<const MetricRules> Rules(const NamesAndRegexes& definitions,
                                         std::string_view preset = {});

void AddReport(const Report& report, Collected* collected);

// The whole log, its writer gone, in as few reports as the options allow.
Collected CollectWhole(const MetricRules& rules, std::string_view log, CutOptions options = {});

// The log as it grows: after each of `sizes` (rising; the whole size is added) everything new that
// makes whole lines is reported, with a fresh state each time if `restart`.
enum class Worker { kGoesOn, kRestartsEachTime };
Collected CollectGrowing(const MetricRules& rules, std::string_view log,
                         const std::vector<size_t>& sizes, CutOptions options = {},
                         Worker worker = Worker::kGoesOn);

// `count` rising sizes in (0, size).
std::vector<size_t> RandomSizes(std::mt19937_64* random, size_t size, size_t count);

// Values of one series of a whole log.
std::vector<double> ValuesOf(const Collected& collected, std::string_view series);

}  // namespace xp::capture
