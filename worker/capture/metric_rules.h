// The ONE place where metric definitions become something that can be run: submit validation, the
// worker, `xpctl metrics test` and backfill all call CompileMetricRules, so that what is accepted
// here is what runs there.
//
// Dialect: RE2 (linear time, no back-references), with `(?<name>...)` accepted as another spelling
// of `(?P<name>...)` and look-around refused with its position. The value is the named group
// `value`, else the first group; the groups `step`, `epoch` and `time` are read if present.
// Details and presets: docs/capture.md.
//
// Errors: INVALID_ARGUMENT, message `FIELD: what was found, what is accepted`, e.g.
// `metrics[3].regex: at character 7: look-ahead (?=...) is not possible ...`.
// Threads: MetricRules never changes after it was made; any number of threads may use it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace xp::capture {

struct MetricDefinition {
  std::string name;   // 1-255 bytes, unique within the definitions
  std::string regex;  // 1-500 characters, with a group
  std::string goal;   // "min", "max" or empty: by the metric's name
};

enum class Goal { kByName, kMin, kMax };

// Where the definitions came from, for error messages.
struct RuleFields {
  std::string metrics = "metrics";
  std::string preset = "metrics_preset";
};

class MetricRules {
 public:
  ~MetricRules();
  MetricRules(const MetricRules&) = delete;
  MetricRules& operator=(const MetricRules&) = delete;

  // One rule per definition, in their order, then one for the preset if there is one. Counters of a
  // report have the same order.
  size_t size() const;
  // The definition's metric name, or `preset:NAME`; is_preset() tells the two apart.
  const std::string& label(size_t rule) const;
  bool is_preset(size_t rule) const;
  Goal goal(size_t rule) const;

  // The inside, for the other files of this folder (metric_extract).
  struct Compiled;
  const Compiled& compiled() const { return *compiled_; }

 private:
  friend absl::StatusOr<std::shared_ptr<const MetricRules>> CompileMetricRules(
      const std::vector<MetricDefinition>&, std::string_view, const RuleFields&);
  explicit MetricRules(std::unique_ptr<Compiled> compiled);

  const std::unique_ptr<Compiled> compiled_;
};

// `preset`: empty, or one of PresetNames(). No definitions and no preset is fine: no rules.
absl::StatusOr<std::shared_ptr<const MetricRules>> CompileMetricRules(
    const std::vector<MetricDefinition>& definitions, std::string_view preset = {},
    const RuleFields& fields = {});

// "huggingface", "key-value", "json-lines".
const std::vector<std::string>& PresetNames();

}  // namespace xp::capture
