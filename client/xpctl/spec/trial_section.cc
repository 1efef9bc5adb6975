#include "client/xpctl/spec/trial_section.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "client/xpctl/spec/param_value.h"
#include "client/xpctl/spec/section_inputs.h"
#include "client/xpctl/spec/section_metrics.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

std::optional<std::vector<std::string>> ReadCommand(MapReader* map, SpecErrors* errors) {
  const YamlNode* const node = map->Take("command");
  if (node == nullptr) return std::nullopt;
  const std::string path = map->PathOf("command");
  if (node->kind != YamlNode::Kind::kList || node->items.empty()) {
    errors->Add(*node, path,
                Describe(*node) + " where a list of arguments belongs, e.g. [python3, train.py]");
    return std::nullopt;
  }
  std::vector<std::string> command;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    auto text = ReadText(node->items[i], item, TextRule::kAnyScalar, errors);
    if (!text) continue;
    if (i == 0 && text->empty()) errors->Add(node->items[i], item, "the program's name is empty");
    command.push_back(*std::move(text));
  }
  return command;
}

bool IsEnvironmentName(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

void ReadEnv(MapReader* map, SpecErrors* errors, std::map<std::string, std::string>* env) {
  map->TextMap("env", env);
  const YamlNode* const node = map->Take("env");
  if (node == nullptr) return;
  for (const YamlEntry& entry : node->entries) {
    const std::string& name = entry.key.text;
    const std::string path = map->PathOf("env") + "." + name;
    if (name.starts_with("XP_") || name.starts_with("SM_") || name == "CUDA_VISIBLE_DEVICES") {
      errors->Add(entry.key, path, "XP_*, SM_* and CUDA_VISIBLE_DEVICES are set by xp itself");
    } else if (!IsEnvironmentName(name)) {
      errors->Add(entry.key, path,
                  "is no name of a variable; write letters, digits and _, no digit first");
    }
  }
}

void ReadResources(MapReader* map, SpecErrors* errors, TrialSection* section) {
  const YamlNode* const node = map->Take("resources");
  if (node == nullptr) return;
  MapReader resources(*node, map->PathOf("resources"), errors);
  resources.Integer("gpus", 0, 1024, &section->gpus);
  resources.Size("gpu_memory", &section->gpu_memory);
  resources.TextMap("labels", &section->labels);
  resources.Finish();
}

template <class T>
void Lay(const std::optional<T>& over, std::optional<T>* under) {
  if (over.has_value()) *under = over;
}

void LayMap(const std::map<std::string, std::string>& over,
            std::map<std::string, std::string>* under) {
  for (const auto& [key, value] : over) (*under)[key] = value;
}

}  // namespace

std::vector<MatrixAxis> ReadMatrix(const YamlNode& node, const std::string& path,
                                   SpecErrors* errors) {
  std::vector<MatrixAxis> matrix;
  MapReader map(node, path, errors);
  if (!map.ok()) return matrix;
  for (const YamlEntry& entry : node.entries) {
    const std::string axis_path = map.PathOf(entry.key.text);
    if (entry.value.kind != YamlNode::Kind::kList || entry.value.items.empty()) {
      errors->Add(entry.value, axis_path,
                  Describe(entry.value) + " where a list of values belongs, e.g. [1, 2, 3]");
      continue;
    }
    MatrixAxis axis{entry.key.text, {}};
    for (size_t i = 0; i < entry.value.items.size(); ++i) {
      auto value = ReadParam(entry.key.text, entry.value.items[i],
                             absl::StrCat(axis_path, "[", i, "]"), errors);
      if (value) axis.values.push_back(*std::move(value));
    }
    matrix.push_back(std::move(axis));
  }
  return matrix;
}

TrialSection ReadSection(MapReader* map, const std::string& folder, SpecErrors* errors) {
  TrialSection section;
  section.source_dir = ReadSourceDir(map, folder, errors);
  section.command = ReadCommand(map, errors);
  map->Boolean("append_params", &section.append_params);
  if (const YamlNode* node = map->Take("params")) {
    section.params = ReadParams(*node, map->PathOf("params"), errors);
  }
  ReadEnv(map, errors, &section.env);
  section.metrics = ReadMetrics(map, errors);
  section.metrics_preset = ReadMetricsPreset(map, errors);
  section.inputs = ReadInputs(map, folder, errors);
  ReadResources(map, errors, &section);
  map->Duration("timeout", &section.timeout);
  map->Integer("retries", 0, 1000, &section.retries);
  map->Boolean("resume", &section.resume);
  map->Duration("stop_grace", &section.stop_grace);
  map->Text("checkpoint_dir", &section.checkpoint_dir);
  if (section.checkpoint_dir && !section.checkpoint_dir->starts_with("/")) {
    errors->Add(*map->Take("checkpoint_dir"), map->PathOf("checkpoint_dir"),
                "must be an absolute path on a disk that the workers share");
  }
  map->TextMap("tags", &section.tags);
  map->Text("notes", &section.notes);
  map->Integer("priority", -1'000'000, 1'000'000, &section.priority);
  if (const YamlNode* node = map->Take("matrix")) {
    section.matrix = ReadMatrix(*node, map->PathOf("matrix"), errors);
  }
  return section;
}

std::vector<MatrixAxis> MergeMatrix(std::vector<MatrixAxis> under,
                                    const std::vector<MatrixAxis>& over) {
  for (const MatrixAxis& axis : over) {
    const auto known = std::find_if(under.begin(), under.end(),
                                    [&](const MatrixAxis& a) { return a.key == axis.key; });
    if (known == under.end()) {
      under.push_back(axis);
    } else {
      known->values = axis.values;
    }
  }
  return under;
}

TrialSection Merge(const TrialSection& under, const TrialSection& over) {
  TrialSection merged = under;
  Lay(over.source_dir, &merged.source_dir);
  Lay(over.command, &merged.command);
  Lay(over.append_params, &merged.append_params);
  for (const v1::Param& param : over.params) SetParam(param, &merged.params);
  LayMap(over.env, &merged.env);
  Lay(over.metrics, &merged.metrics);
  Lay(over.metrics_preset, &merged.metrics_preset);
  for (const auto& [channel, input] : over.inputs) {
    const auto known = std::find_if(merged.inputs.begin(), merged.inputs.end(),
                                    [&](const auto& pair) { return pair.first == channel; });
    if (known == merged.inputs.end()) {
      merged.inputs.emplace_back(channel, input);
    } else {
      known->second = input;
    }
  }
  Lay(over.gpus, &merged.gpus);
  Lay(over.gpu_memory, &merged.gpu_memory);
  LayMap(over.labels, &merged.labels);
  Lay(over.timeout, &merged.timeout);
  Lay(over.retries, &merged.retries);
  Lay(over.resume, &merged.resume);
  Lay(over.stop_grace, &merged.stop_grace);
  Lay(over.checkpoint_dir, &merged.checkpoint_dir);
  LayMap(over.tags, &merged.tags);
  Lay(over.notes, &merged.notes);
  Lay(over.priority, &merged.priority);
  merged.matrix = MergeMatrix(merged.matrix, over.matrix);
  return merged;
}

}  // namespace xp::xpctl
