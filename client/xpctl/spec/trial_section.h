// What `defaults:` and each entry of `trials:` may say (docs/spec-file.md), and how the two are
// merged: params, env, tags, inputs and resources.labels by key, everything else is replaced whole
// (a trial's list of metrics or its command stands for itself).
//
// Values and functions; errors go to SpecErrors.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/xpctl/spec/map_reader.h"
#include "client/xpctl/spec/spec_errors.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

// A path on this machine that was found there, and where the file names it.
struct LocalPath {
  std::string path;   // relative ones begin at the spec file's folder
  std::string field;  // "trials[0].inputs.train"
  YamlNode where;     // position alone
};

struct SpecInput {
  enum class Kind { kLocal, kDataset, kWorkerPath };
  Kind kind = Kind::kLocal;
  LocalPath local;   // kLocal
  std::string text;  // kDataset: "NAME" or "NAME@VERSION"; kWorkerPath: an absolute path
};

// A parameter with the values that it takes in turn.
struct MatrixAxis {
  std::string key;
  std::vector<v1::Param> values;
};

struct TrialSection {
  std::optional<LocalPath> source_dir;
  std::optional<std::vector<std::string>> command;
  std::optional<bool> append_params;
  std::vector<v1::Param> params;
  std::map<std::string, std::string> env;
  std::optional<std::vector<v1::MetricDefinition>> metrics;
  std::optional<std::string> metrics_preset;
  std::vector<std::pair<std::string, SpecInput>> inputs;  // by channel, in the file's order
  std::optional<int64_t> gpus;
  std::optional<uint64_t> gpu_memory;
  std::map<std::string, std::string> labels;
  std::optional<absl::Duration> timeout;
  std::optional<int64_t> retries;
  std::optional<bool> resume;
  std::optional<absl::Duration> stop_grace;
  std::optional<std::string> checkpoint_dir;
  std::map<std::string, std::string> tags;
  std::optional<std::string> notes;
  std::optional<int64_t> priority;
  std::vector<MatrixAxis> matrix;
};

// Takes the fields from `map`; `folder` is that of the spec file. Does not call Finish.
TrialSection ReadSection(MapReader* map, const std::string& folder, SpecErrors* errors);

// `matrix:` of the whole file or of a section.
std::vector<MatrixAxis> ReadMatrix(const YamlNode& node, const std::string& path,
                                   SpecErrors* errors);

// `over` laid on `under`.
TrialSection Merge(const TrialSection& under, const TrialSection& over);

// Matrix axes laid over each other by key: a key keeps its first place and gets the later values.
std::vector<MatrixAxis> MergeMatrix(std::vector<MatrixAxis> under,
                                    const std::vector<MatrixAxis>& over);

}  // namespace xp::xpctl
