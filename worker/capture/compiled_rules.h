// What MetricRules holds inside; for the files of this folder alone. Made once by
// CompileMetricRules, never changed after.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "worker/capture/metric_rules.h"
#include "worker/capture/prefilter.h"
#include "worker/capture/word_index.h"

namespace xp::capture {

enum class Preset { kNone, kHuggingFace, kKeyValue, kJsonLines };

struct CompiledDefinition {
  std::unique_ptr<const RE2> regex;
  int value_group = 1;  // groups by number; 0: not there
  int step_group = 0;
  int epoch_group = 0;
  int time_group = 0;
  int groups_used = 2;  // submatches to ask RE2 for: the highest of the above, and the whole
};

struct MetricRules::Compiled {
  std::vector<CompiledDefinition> definitions;
  Preset preset = Preset::kNone;
  std::unique_ptr<const RE2> key_value;  // the pairs of that preset
  std::vector<std::string> labels;       // one per rule
  std::vector<Goal> goals;               // one per definition
  // A preset leaves these names to the definitions, else each value would count twice.
  std::set<std::string, std::less<>> names;
  std::unique_ptr<const Prefilter> prefilter;  // none without definitions
  std::unique_ptr<const WordIndex> words;
};

}  // namespace xp::capture
