#include "client/xpctl/spec/section_metrics.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <map>

#include "proto/limits.h"
#include "proto/status.h"
#include "worker/capture/metric_rules.h"

namespace xp::xpctl {
namespace {

// SageMaker's spelling is taken too, so that its lists can be pasted.
const YamlNode* TakeEither(MapReader* map, const char* field, const char* other,
                           SpecErrors* errors) {
  const YamlNode* const node = map->Take(field);
  const YamlNode* const alias = map->Take(other);
  if (node != nullptr && alias != nullptr) {
    errors->Add(*alias, map->PathOf(other), absl::StrCat("is there as ", field, " already"));
  }
  return node != nullptr ? node : alias;
}

struct Positions {
  const YamlNode* name = nullptr;
  const YamlNode* regex = nullptr;
  const YamlNode* goal = nullptr;
};

// Compiles one definition alone; true when it may run.
bool Check(const capture::MetricDefinition& definition, const std::string& path,
           const Positions& positions, SpecErrors* errors) {
  capture::RuleFields fields;
  fields.metrics = "m";
  const auto rules = capture::CompileMetricRules({definition}, {}, fields);
  if (rules.ok()) return true;
  // "m[0].regex: what": the place is known better here.
  std::string what(rules.status().message());
  std::string sub;
  if (what.starts_with("m[0]")) {
    const size_t colon = what.find(": ");
    if (colon != what.npos) {
      sub = what.substr(4, colon - 4);
      what.erase(0, colon + 2);
    }
  }
  const YamlNode* where = sub == ".regex" ? positions.regex : positions.name;
  if (sub == ".goal" && positions.goal != nullptr) where = positions.goal;
  errors->Add(*where, path + sub, what);
  return false;
}

bool ReadDefinition(const YamlNode& node, const std::string& path, SpecErrors* errors,
                    v1::MetricDefinition* out) {
  MapReader map(node, path, errors);
  if (!map.ok()) return false;
  Positions positions;
  positions.name = TakeEither(&map, "name", "Name", errors);
  positions.regex = TakeEither(&map, "regex", "Regex", errors);
  positions.goal = map.Take("goal");
  map.Finish();
  if (positions.name == nullptr || positions.regex == nullptr) {
    errors->Add(node, path,
                absl::StrCat("has no ", positions.name == nullptr ? "name" : "regex",
                             "; write {name: ..., regex: ...}"));
    return false;
  }
  const auto name = ReadText(*positions.name, path + ".name", TextRule::kTextOnly, errors);
  const auto regex = ReadText(*positions.regex, path + ".regex", TextRule::kTextOnly, errors);
  if (!name || !regex) return false;
  capture::MetricDefinition definition{*name, *regex, ""};
  out->set_name(*name);
  out->set_regex(*regex);
  if (positions.goal != nullptr) {
    const auto goal = ReadText(*positions.goal, path + ".goal", TextRule::kTextOnly, errors);
    if (!goal) return false;
    if (*goal != "min" && *goal != "max") {
      errors->Add(*positions.goal, path + ".goal", "\"" + *goal + "\"; write min or max");
      return false;
    }
    definition.goal = *goal;
    out->set_goal(*goal == "min" ? v1::GOAL_MINIMIZE : v1::GOAL_MAXIMIZE);
  }
  return Check(definition, path, positions, errors);
}

}  // namespace

std::optional<std::vector<v1::MetricDefinition>> ReadMetrics(MapReader* map, SpecErrors* errors) {
  const YamlNode* const node = map->Take("metrics");
  if (node == nullptr) return std::nullopt;
  const std::string path = map->PathOf("metrics");
  if (node->kind != YamlNode::Kind::kList) {
    errors->Add(*node, path,
                Describe(*node) + " where a list belongs, e.g. - {name: f1, regex: 'f1=(\\S+)'}");
    return std::nullopt;
  }
  if (node->items.size() > limits::kMetricDefinitionsMax) {
    errors->Add(
        *node, path,
        absl::StrCat(node->items.size(), " definitions; at most ", limits::kMetricDefinitionsMax));
    return std::nullopt;
  }
  std::vector<v1::MetricDefinition> metrics;
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    v1::MetricDefinition definition;
    if (!ReadDefinition(node->items[i], item, errors, &definition)) continue;
    const auto [first, fresh] = seen.emplace(definition.name(), i);
    if (!fresh) {
      errors->Add(node->items[i], item + ".name",
                  absl::StrCat("\"", definition.name(), "\" is the name of ", path, "[",
                               first->second, "] already"));
    }
    metrics.push_back(std::move(definition));
  }
  return metrics;
}

std::optional<std::string> ReadMetricsPreset(MapReader* map, SpecErrors* errors) {
  std::optional<std::string> preset;
  map->Text("metrics_preset", &preset);
  if (!preset) return std::nullopt;
  const std::vector<std::string>& names = capture::PresetNames();
  if (std::find(names.begin(), names.end(), *preset) == names.end()) {
    errors->Add(*map->Take("metrics_preset"), map->PathOf("metrics_preset"),
                "\"" + *preset + "\" is no preset; there are " + absl::StrJoin(names, ", "));
    return std::nullopt;
  }
  return preset;
}

}  // namespace xp::xpctl
