// What a training program sees of its trial (DESIGN section 11): its command line and its
// environment, SageMaker's script-mode contract included. Pure functions; safe from any thread.
//
// Errors: INVALID_ARGUMENT with the path of the field.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xp::runner {

enum class ParamKind { kString, kNumber, kTrue, kFalse, kNull, kList, kMap };

// One param as the spec file has it.
struct Param {
  std::string key;
  ParamKind kind = ParamKind::kString;
  // kString: the string itself. kNumber: its digits as written in the file ("5e-5"). kList, kMap:
  // JSON. Otherwise unused.
  std::string text;
};

enum class AppendParams { kYes, kNo };

struct CommandLine {
  std::vector<std::string> argv;
  // The part of argv made of params: what SM_USER_ARGS holds.
  std::vector<std::string> appended;
  // Things that look like a mistake, one line each: a {params.x} for which there is no param.
  std::vector<std::string> notes;
};

// `command` with `{params.key}` replaced by that param's text and, unless told otherwise, every
// other param appended as `--key value`, sorted by key: one letter gets one dash, true is True,
// false is False, null is left out (placed, it is empty), lists and maps are JSON. Other braces are
// left alone. INVALID_ARGUMENT when `command` is empty or has a NUL byte.
absl::StatusOr<CommandLine> BuildCommandLine(const std::vector<std::string>& command,
                                             const std::vector<Param>& params, AppendParams append);

struct TrainingContext {
  std::string experiment;
  std::string trial;
  int attempt = 1;
  std::string server;  // HOST:PORT, empty without one
  std::vector<Param> params;
  // Channel name and absolute folder.
  std::vector<std::pair<std::string, std::string>> inputs;
  // Absolute.
  std::string input_dir;   // the parent of the channels' folders
  std::string source_dir;  // the working directory
  std::string output_dir;
  std::string model_dir;
  std::string checkpoint_dir;
  std::string metrics_file;
  // What CUDA_VISIBLE_DEVICES is to hold: indices or UUIDs. Empty hides every GPU.
  std::vector<std::string> gpus;
  int cpus = 1;
  // The params on the command line (CommandLine::appended).
  std::vector<std::string> user_args;
  // The spec's `env`.
  std::vector<std::pair<std::string, std::string>> env;
};

// "NAME=value", sorted by name. `inherited` is the daemon's own environment; its XP_* and SM_* are
// not handed on (they may hold a token). INVALID_ARGUMENT: the spec's env sets XP_*, SM_* or
// CUDA_VISIBLE_DEVICES or a name that is none; two channels or params share a variable.
absl::StatusOr<std::vector<std::string>> BuildEnvironment(
    const TrainingContext& context, const std::map<std::string, std::string>& inherited);

// All params as one JSON object, in their order, numbers with their own digits where JSON has them.
std::string ParamsToJson(const std::vector<Param>& params);

// "train.v-2" -> "TRAIN_V_2": the part of a variable's name that a channel or param gives.
std::string EnvironmentName(std::string_view name);

}  // namespace xp::runner
