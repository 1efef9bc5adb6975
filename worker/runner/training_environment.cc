#include "worker/runner/training_environment.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "worker/runner/param_text.h"

namespace xp::runner {
namespace {

using Variables = std::map<std::string, std::string>;

bool IsOurs(const std::string& name) {
  return absl::StartsWith(name, "XP_") || absl::StartsWith(name, "SM_") ||
         name == "CUDA_VISIBLE_DEVICES";
}

absl::Status CheckVariable(const std::string& name, const std::string& value) {
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("env: \"", name, "\" is no name of a variable (not empty, no '=')"));
  }
  if (IsOurs(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("env.", name, ": XP_*, SM_* and CUDA_VISIBLE_DEVICES are set by xp; ",
                     "choose another name"));
  }
  if (value.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("env.", name, ": holds a NUL byte"));
  }
  return absl::OkStatus();
}

// Sets a variable made from a name that people chose. Two names may make the same variable.
absl::Status SetOnce(Variables* variables, std::string_view what, const std::string& original,
                     const std::string& name, std::string value) {
  if (variables->emplace(name, std::move(value)).second) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(what), ".", original,
                                                 ": another one also becomes ", name,
                                                 " in the environment; rename one of them"));
}

std::string StringsAsJson(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    absl::StrAppend(&out, out.size() > 1 ? "," : "", TextAsJson(text));
  }
  return out + "]";
}

// SM_HP_* as SageMaker's toolkit writes them: strings bare, null empty, everything else JSON.
std::string HyperparameterValue(const Param& param) {
  if (param.kind == ParamKind::kString) return param.text;
  if (param.kind == ParamKind::kNull) return "";
  return param.kind == ParamKind::kNumber ? param.text : ParamAsJson(param);
}

std::string JoinGpus(const std::vector<std::string>& gpus) {
  std::string out;
  for (const std::string& gpu : gpus) absl::StrAppend(&out, out.empty() ? "" : ",", gpu);
  return out;
}

void AddOwn(const TrainingContext& context, Variables* variables) {
  Variables& v = *variables;
  v["XP_EXPERIMENT"] = context.experiment;
  v["XP_TRIAL"] = context.trial;
  v["XP_ATTEMPT"] = absl::StrCat(context.attempt);
  v["XP_SERVER"] = context.server;
  v["XP_PARAMS"] = ParamsToJson(context.params);
  v["XP_OUTPUT_DIR"] = context.output_dir;
  v["XP_MODEL_DIR"] = context.model_dir;
  v["XP_CHECKPOINT_DIR"] = context.checkpoint_dir;
  v["XP_METRICS_FILE"] = context.metrics_file;
  v["CUDA_VISIBLE_DEVICES"] = JoinGpus(context.gpus);
}

// SageMaker's script-mode contract, for scripts that read it (facts/sagemaker.md section 1.6). Its
// single host is called algo-1, which scripts compare with.
void AddScriptMode(const TrainingContext& context, Variables* variables) {
  constexpr char kHost[] = "algo-1";
  std::vector<std::string> channels;
  for (const auto& [channel, folder] : context.inputs) channels.push_back(channel);
  std::sort(channels.begin(), channels.end());
  Variables& v = *variables;
  v["SM_MODEL_DIR"] = context.model_dir;
  v["SM_OUTPUT_DATA_DIR"] = context.output_dir;
  v["SM_OUTPUT_DIR"] = context.output_dir;
  v["SM_INPUT_DIR"] = context.input_dir;
  v["SM_MODULE_DIR"] = context.source_dir;
  v["SM_CHANNELS"] = StringsAsJson(channels);
  v["SM_HPS"] = ParamsToJson(context.params);
  v["SM_USER_ARGS"] = StringsAsJson(context.user_args);
  v["SM_NUM_GPUS"] = absl::StrCat(context.gpus.size());
  v["SM_NUM_CPUS"] = absl::StrCat(context.cpus);
  v["SM_HOSTS"] = StringsAsJson({kHost});
  v["SM_CURRENT_HOST"] = kHost;
  v["SM_LOG_LEVEL"] = "20";
  v["SM_RESOURCE_CONFIG"] = absl::StrCat("{\"current_host\":", TextAsJson(kHost),
                                         ",\"hosts\":", StringsAsJson({kHost}), "}");
}

}  // namespace

std::string EnvironmentName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(absl::ascii_isalnum(byte) ? absl::ascii_toupper(byte) : '_');
  }
  return out;
}

absl::StatusOr<std::vector<std::string>> BuildEnvironment(
    const TrainingContext& context, const std::map<std::string, std::string>& inherited) {
  Variables others;
  for (const auto& [name, value] : inherited) {
    if (!IsOurs(name)) others[name] = value;
  }
  others["PYTHONUNBUFFERED"] = "1";
  others["TRAINING_JOB_NAME"] = absl::StrCat(context.experiment, "-", context.trial);
  for (const auto& [name, value] : context.env) {
    if (absl::Status status = CheckVariable(name, value); !status.ok()) return status;
    others[name] = value;
  }

  Variables ours;
  AddOwn(context, &ours);
  AddScriptMode(context, &ours);
  for (const auto& [channel, folder] : context.inputs) {
    const std::string suffix = EnvironmentName(channel);
    for (const char* prefix : {"XP_INPUT_", "SM_CHANNEL_"}) {
      absl::Status status = SetOnce(&ours, "inputs", channel, prefix + suffix, folder);
      if (!status.ok()) return status;
    }
  }
  for (const Param& param : context.params) {
    absl::Status status = SetOnce(&ours, "params", param.key, "SM_HP_" + EnvironmentName(param.key),
                                  HyperparameterValue(param));
    if (!status.ok()) return status;
  }

  for (const auto& [name, value] : ours) others[name] = value;  // no spec reaches these
  std::vector<std::string> environment;
  for (const auto& [name, value] : others) environment.push_back(absl::StrCat(name, "=", value));
  return environment;
}

}  // namespace xp::runner
