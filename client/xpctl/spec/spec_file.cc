#include "client/xpctl/spec/spec_file.h"

#include <absl/strings/str_cat.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <sstream>

#include "client/cpp/system_error.h"
#include "client/xpctl/spec/matrix.h"
#include "client/xpctl/spec/spec_check.h"
#include "client/xpctl/spec/yaml_tree.h"
#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

constexpr size_t kFileMaxBytes = 16 * 1024 * 1024;

class SpecReader {
 public:
  SpecReader(std::string folder, SpecErrors* errors)
      : folder_(std::move(folder)), errors_(*errors) {}

  SpecFile Read(const YamlNode& root) {
    MapReader top(root, "", &errors_);
    if (!top.ok()) return {};
    ReadHead(&top, root);
    TrialSection defaults;
    if (const YamlNode* node = top.Take("defaults")) {
      MapReader map(*node, "defaults", &errors_);
      defaults = ReadSection(&map, folder_, &errors_);
      defaults_have_command_ = map.Take("command") != nullptr;
      map.Finish();
    }
    if (const YamlNode* node = top.Take("matrix")) {
      defaults.matrix = MergeMatrix(defaults.matrix, ReadMatrix(*node, "matrix", &errors_));
    }
    ReadTrials(&top, root, defaults);
    top.Finish();
    return std::move(file_);
  }

 private:
  void ReadHead(MapReader* top, const YamlNode& root) {
    std::optional<std::string> text;
    top->Text("experiment", &text);
    if (text) {
      CheckThatName(*top->Take("experiment"), "experiment", *text);
      file_.experiment = *text;
    } else if (top->Take("experiment") == nullptr) {
      errors_.Add(root, "experiment", "is missing; write a name, e.g. experiment: my-question");
    }
    text.reset();
    top->Text("description", &text);
    file_.description = text.value_or("");
    text.reset();
    top->Text("rank_by", &text);
    file_.rank_by = text.value_or("");
    text.reset();
    top->Text("notes", &text);
    file_.notes = text.value_or("");
    top->TextMap("tags", &file_.tags);
  }

  void ReadTrials(MapReader* top, const YamlNode& root, const TrialSection& defaults) {
    const YamlNode* const trials = top->Take("trials");
    if (trials == nullptr || trials->kind != YamlNode::Kind::kList || trials->items.empty()) {
      errors_.Add(trials == nullptr ? root : *trials, "trials",
                  (trials == nullptr ? "is missing" : Describe(*trials)) +
                      std::string("; write a list with at least one trial: - name: ..."));
      return;
    }
    for (size_t i = 0; i < trials->items.size(); ++i) {
      ReadTrial(trials->items[i], i, defaults);
    }
  }

  void ReadTrial(const YamlNode& node, size_t entry, const TrialSection& defaults) {
    const std::string path = absl::StrCat("trials[", entry, "]");
    MapReader map(node, path, &errors_);
    if (!map.ok()) return;
    std::optional<std::string> name;
    map.Text("name", &name);
    const YamlNode* const name_node = map.Take("name");
    if (name_node == nullptr) {
      errors_.Add(node, path + ".name", "is missing; each trial has a name of its own");
    }
    const TrialSection own = ReadSection(&map, folder_, &errors_);
    map.Finish();
    if (!name) return;
    SpecTrial trial{*name, Merge(defaults, own), entry};
    for (const v1::Param& param : own.params) {
      for (const MatrixAxis& axis : trial.section.matrix) {
        if (axis.key != param.key()) continue;
        errors_.Add(node, path + ".params." + param.key(),
                    "is in the matrix too; leave it in one of the two");
      }
    }
    if (map.Take("command") == nullptr && !defaults_have_command_) {
      errors_.Add(node, path + ".command",
                  "is missing, here and in defaults; write e.g. command: [python3, train.py]");
    }
    CheckMerged(trial, node, path);
    const uint64_t size = MatrixSize(trial.section.matrix);
    if (file_.trials.size() + size > limits::kTrialsPerSubmitMax) {
      errors_.Add(node, path,
                  absl::StrCat("with its matrix there are more than ", limits::kTrialsPerSubmitMax,
                               " trials; use several files"));
      return;
    }
    for (SpecTrial& each : Multiply(trial)) AddTrial(std::move(each), *name_node, path);
  }

  void CheckMerged(const SpecTrial& trial, const YamlNode& node, const std::string& path) {
    std::map<std::string, std::string> folded;
    for (const auto& [channel, input] : trial.section.inputs) {
      const auto [first, fresh] = folded.emplace(FoldName(channel), channel);
      if (!fresh) {
        errors_.Add(node, path + ".inputs." + channel, "is the same channel as " + first->second);
      }
    }
  }

  void AddTrial(SpecTrial trial, const YamlNode& where, const std::string& path) {
    CheckThatName(where, path + ".name", trial.name);
    const auto [first, fresh] = names_.emplace(FoldName(trial.name), path);
    if (!fresh) {
      errors_.Add(where, path + ".name",
                  "\"" + trial.name + "\" is taken by " + first->second +
                      (first->second == path ? " itself (two values of its matrix read the same)"
                                             : " (names are compared without regard to case)"));
    }
    file_.trials.push_back(std::move(trial));
  }

  void CheckThatName(const YamlNode& where, const std::string& path, const std::string& name) {
    if (const absl::Status status = CheckName(path, name); !status.ok()) {
      errors_.Add(where, "", FromAbsl(status.message()));
    }
  }

  const std::string folder_;
  SpecErrors& errors_;
  SpecFile file_;
  bool defaults_have_command_ = false;
  std::map<std::string, std::string> names_;  // folded name to the path of its trial
};

}  // namespace

absl::StatusOr<SpecFile> ParseSpec(std::string_view text, const std::string& file,
                                   const std::string& folder) {
  SpecErrors errors(file);
  const absl::StatusOr<YamlNode> root = ParseYaml(text);
  if (!root.ok()) {
    errors.AddSyntax(FromAbsl(root.status().message()));
    return errors.ToStatus();
  }
  SpecFile spec = SpecReader(folder, &errors).Read(*root);
  if (errors.empty()) CheckAsServer(*root, spec, &errors);
  XP_RETURN_IF_ERROR(errors.ToStatus());
  return spec;
}

absl::StatusOr<SpecFile> ReadSpecFile(const std::string& path, std::istream& standard_input) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(standard_input), {});
    return ParseSpec(text, "standard input", ".");
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return client::SystemError(errno, path);
  if (S_ISDIR(info.st_mode))
    return absl::InvalidArgumentError(path + ": is a folder, no spec file");
  if (static_cast<size_t>(info.st_size) > kFileMaxBytes) {
    return absl::InvalidArgumentError(path + ": larger than 16 MiB; is this a spec file?");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return client::SystemError(errno, path);
  text.assign(std::istreambuf_iterator<char>(stream), {});
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  return ParseSpec(text, path, folder);
}

}  // namespace xp::xpctl
