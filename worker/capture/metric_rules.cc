#include "worker/capture/metric_rules.h"

#include <absl/status/status.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "proto/limits.h"
#include "worker/capture/clean_text.h"
#include "worker/capture/compiled_rules.h"
#include "worker/capture/presets.h"
#include "worker/capture/regex_syntax.h"

namespace xp::capture {
namespace {

absl::Status Invalid(const std::string& field, const std::string& message) {
  return absl::InvalidArgumentError(field + ": " + message);
}

std::string Quoted(std::string_view text) { return "\"" + MakeSample(text, 80) + "\""; }

absl::Status CheckMetricName(const std::string& field, const std::string& name) {
  if (name.empty()) return Invalid(field, "is missing; a metric name has 1 to 255 bytes");
  if (name.size() > limits::kMetricNameMaxLength) {
    return Invalid(field,
                   "has " + std::to_string(name.size()) + " bytes; a metric name has 1 to 255");
  }
  if (!IsSeriesName(name)) {
    return Invalid(field, Quoted(name) +
                              " holds a control character or invalid UTF-8; a metric name is "
                              "printable UTF-8 text");
  }
  return absl::OkStatus();
}

absl::StatusOr<Goal> ParseGoal(const std::string& field, const std::string& goal) {
  if (goal.empty()) return Goal::kByName;
  if (goal == "min") return Goal::kMin;
  if (goal == "max") return Goal::kMax;
  return Invalid(field, Quoted(goal) + " is no goal; accepted: min, max, or nothing at all");
}

absl::StatusOr<Preset> ParsePreset(const std::string& field, std::string_view preset) {
  if (preset.empty()) return Preset::kNone;
  if (preset == "huggingface") return Preset::kHuggingFace;
  if (preset == "key-value") return Preset::kKeyValue;
  if (preset == "json-lines") return Preset::kJsonLines;
  return Invalid(field,
                 Quoted(preset) + " is no preset; accepted: huggingface, key-value, json-lines");
}

// RE2's own complaint, with the place if the piece that it names occurs only once.
absl::Status RegexError(const std::string& field, std::string_view regex, const RE2& compiled) {
  const std::string& piece = compiled.error_arg();
  const size_t at = piece.empty() ? std::string_view::npos : regex.find(piece);
  std::string message;
  if (at != std::string_view::npos && regex.find(piece, at + 1) == std::string_view::npos) {
    message = "at character " + std::to_string(CharacterAt(regex, at)) + ": ";
  }
  return Invalid(field, message + compiled.error() + "; accepted is RE2 syntax (docs/capture.md)");
}

// The number of the named group, 0 if there is none.
int GroupNumber(const RE2& regex, const char* name) {
  const auto group = regex.NamedCapturingGroups().find(name);
  return group == regex.NamedCapturingGroups().end() ? 0 : group->second;
}

absl::StatusOr<CompiledDefinition> CompileRegex(const std::string& field,
                                                const std::string& regex) {
  if (regex.empty()) return Invalid(field, "is missing; a regex has 1 to 500 characters");
  const size_t characters = CharacterAt(regex, regex.size()) - 1;
  if (characters > limits::kMetricRegexMaxLength) {
    return Invalid(field,
                   "has " + std::to_string(characters) + " characters; a regex has 1 to 500");
  }
  if (const std::optional<RegexProblem> problem = FindUnsupported(regex)) {
    return Invalid(field,
                   "at character " + std::to_string(problem->character) + ": " + problem->message);
  }
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<RE2>(RewriteNamedGroups(regex), options);
  if (!compiled->ok()) return RegexError(field, regex, *compiled);
  if (compiled->NumberOfCapturingGroups() == 0) {
    return Invalid(field, Quoted(regex) +
                              " has no group, so there is nothing to take; put the value into "
                              "parentheses, e.g. 'eval_loss': (.*?),");
  }
  CompiledDefinition definition;
  definition.step_group = GroupNumber(*compiled, "step");
  definition.epoch_group = GroupNumber(*compiled, "epoch");
  definition.time_group = GroupNumber(*compiled, "time");
  const int named_value = GroupNumber(*compiled, "value");
  if (named_value != 0) {
    definition.value_group = named_value;
  } else {
    // The first group that is not one of the other three.
    while (definition.value_group == definition.step_group ||
           definition.value_group == definition.epoch_group ||
           definition.value_group == definition.time_group) {
      ++definition.value_group;
    }
    if (definition.value_group > compiled->NumberOfCapturingGroups()) {
      return Invalid(field,
                     "has groups for step, epoch or time but none for the value; name one "
                     "(?P<value>...)");
    }
  }
  definition.groups_used = 1 + std::max({definition.value_group, definition.step_group,
                                         definition.epoch_group, definition.time_group});
  definition.regex = std::move(compiled);
  return definition;
}

}  // namespace

MetricRules::MetricRules(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
MetricRules::~MetricRules() = default;

size_t MetricRules::size() const { return compiled_->labels.size(); }

const std::string& MetricRules::label(size_t rule) const { return compiled_->labels[rule]; }

bool MetricRules::is_preset(size_t rule) const { return rule >= compiled_->definitions.size(); }

Goal MetricRules::goal(size_t rule) const {
  return is_preset(rule) ? Goal::kByName : compiled_->goals[rule];
}

const std::vector<std::string>& PresetNames() {
  static const auto* const names =
      new std::vector<std::string>{"huggingface", "key-value", "json-lines"};
  return *names;
}

absl::StatusOr<std::shared_ptr<const MetricRules>> CompileMetricRules(
    const std::vector<MetricDefinition>& definitions, std::string_view preset,
    const RuleFields& fields) {
  if (definitions.size() > limits::kMetricDefinitionsMax) {
    return Invalid(fields.metrics,
                   std::to_string(definitions.size()) + " definitions; at most 40 are accepted");
  }
  auto compiled = std::make_unique<MetricRules::Compiled>();
  std::map<std::string, size_t> first_use;
  std::vector<std::string> regexes;
  for (size_t i = 0; i < definitions.size(); ++i) {
    const MetricDefinition& definition = definitions[i];
    const std::string field = fields.metrics + "[" + std::to_string(i) + "]";
    const absl::Status name = CheckMetricName(field + ".name", definition.name);
    if (!name.ok()) return name;
    const auto [known, is_new] = first_use.emplace(definition.name, i);
    if (!is_new) {
      return Invalid(field + ".name",
                     Quoted(definition.name) + " is already defined by " + fields.metrics + "[" +
                         std::to_string(known->second) +
                         "]; each metric has one definition (join the two with |)");
    }
    absl::StatusOr<CompiledDefinition> rule = CompileRegex(field + ".regex", definition.regex);
    if (!rule.ok()) return rule.status();
    const absl::StatusOr<Goal> goal = ParseGoal(field + ".goal", definition.goal);
    if (!goal.ok()) return goal.status();
    regexes.push_back(rule->regex->pattern());
    compiled->definitions.push_back(*std::move(rule));
    compiled->goals.push_back(*goal);
    compiled->labels.push_back(definition.name);
    compiled->names.insert(definition.name);
  }
  const absl::StatusOr<Preset> parsed_preset = ParsePreset(fields.preset, preset);
  if (!parsed_preset.ok()) return parsed_preset.status();
  compiled->preset = *parsed_preset;
  if (compiled->preset != Preset::kNone) {
    compiled->labels.push_back("preset:" + std::string(preset));
    compiled->key_value = MakeKeyValueRegex();
  }
  if (!regexes.empty()) compiled->prefilter = std::make_unique<const Prefilter>(regexes);
  compiled->words = std::make_unique<const WordIndex>(regexes);
  return std::shared_ptr<const MetricRules>(new MetricRules(std::move(compiled)));
}

}  // namespace xp::capture
