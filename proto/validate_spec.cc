#include "proto/validate_spec.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"

namespace xp {
namespace {

// The kernel takes no single argument or environment string of 128 KiB or more (MAX_ARG_STRLEN).
constexpr size_t kArgumentMaxBytes = 128 * 1024 - 1;
constexpr size_t kParamKeyMaxBytes = 255;
constexpr int kGpusMax = 1024;
constexpr int kRetriesMax = 1000;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ": ", ToAbsl(what)));
}

// `{params.KEY}` in an argument must name a param, or the program gets the braces.
absl::Status CheckPlaceholders(std::string_view field, std::string_view argument,
                               const absl::flat_hash_set<std::string>& params) {
  constexpr std::string_view kOpen = "{params.";
  for (size_t at = argument.find(kOpen); at != std::string_view::npos;
       at = argument.find(kOpen, at + 1)) {
    const size_t begin = at + kOpen.size();
    const size_t end = argument.find('}', begin);
    if (end == std::string_view::npos) break;
    const std::string key(argument.substr(begin, end - begin));
    if (!params.contains(key)) {
      return Bad(field, absl::StrCat("{params.", key.substr(0, 200),
                                     "} names no param of this trial; add the param or remove "
                                     "the braces"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCommand(const std::string& field, const v1::TrialSpec& spec) {
  if (spec.command().empty()) {
    return Bad(field, "is empty; write the program and its arguments, e.g. [python3, train.py]");
  }
  absl::flat_hash_set<std::string> params;
  for (const v1::Param& param : spec.params()) params.insert(param.key());
  for (int i = 0; i < spec.command_size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (i == 0 && spec.command(i).empty()) return Bad(path, "the program's name is empty");
    XP_RETURN_IF_ERROR(CheckText(path, spec.command(i), kArgumentMaxBytes));
    XP_RETURN_IF_ERROR(CheckPlaceholders(path, spec.command(i), params));
  }
  return absl::OkStatus();
}

absl::Status CheckParamText(const std::string& path, const v1::Param& param) {
  double number = 0;
  switch (param.kind()) {
    case v1::PARAM_KIND_UNSPECIFIED:
    case v1::PARAM_KIND_STRING:
      return absl::OkStatus();
    case v1::PARAM_KIND_NUMBER:
      if (absl::SimpleAtod(param.text(), &number)) return absl::OkStatus();
      return Bad(path, absl::StrCat("'", param.text().substr(0, 100), "' is no number"));
    case v1::PARAM_KIND_BOOL:
      if (param.text() == "true" || param.text() == "false") return absl::OkStatus();
      return Bad(path,
                 absl::StrCat("'", param.text().substr(0, 100), "' is neither true nor false"));
    case v1::PARAM_KIND_NULL:
      return absl::OkStatus();
    case v1::PARAM_KIND_JSON:
      if (nlohmann::json::accept(param.text())) return absl::OkStatus();
      return Bad(path, "is no JSON text");
    default:
      return Bad(path, absl::StrCat("kind ", static_cast<int>(param.kind()), " is unknown"));
  }
}

absl::Status CheckParams(const std::string& field, const v1::TrialSpec& spec) {
  absl::flat_hash_set<std::string> keys;
  size_t bytes = 0;
  for (int i = 0; i < spec.params_size(); ++i) {
    const v1::Param& param = spec.params(i);
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (param.key().empty()) return Bad(path + ".key", "is empty; a param has a name");
    XP_RETURN_IF_ERROR(CheckText(path + ".key", param.key(), kParamKeyMaxBytes));
    if (!keys.insert(param.key()).second) {
      return Bad(path + ".key", absl::StrCat("'", param.key(), "' stands there twice"));
    }
    XP_RETURN_IF_ERROR(CheckText(path + ".text", param.text(), kArgumentMaxBytes));
    XP_RETURN_IF_ERROR(CheckParamText(path + ".text", param));
    bytes += param.key().size() + param.text().size();
  }
  if (bytes > limits::kParamsMaxBytes) {
    return Bad(field, absl::StrCat("have ", bytes, " bytes; at most ", limits::kParamsMaxBytes,
                                   " are accepted; put large values into a file"));
  }
  return absl::OkStatus();
}

absl::Status CheckEnv(const std::string& field, const v1::TrialSpec& spec) {
  const std::map<std::string, std::string> sorted(spec.env().begin(), spec.env().end());
  for (const auto& [key, value] : sorted) {
    const std::string path = absl::StrCat(field, "[", key.substr(0, 200), "]");
    const bool valid = !key.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(key[0])) &&
                       std::all_of(key.begin(), key.end(), [](char c) {
                         return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
                       });
    if (!valid) {
      return Bad(path, "a variable's name is letters, digits and _, and begins with no digit");
    }
    if (absl::StartsWith(key, "XP_") || absl::StartsWith(key, "SM_") ||
        key == "CUDA_VISIBLE_DEVICES") {
      return Bad(path, "is set by xp itself; XP_*, SM_* and CUDA_VISIBLE_DEVICES are refused");
    }
    XP_RETURN_IF_ERROR(CheckText(path, value, kArgumentMaxBytes - key.size() - 1));
  }
  return absl::OkStatus();
}

absl::Status CheckAbsolutePath(std::string_view field, const std::string& path) {
  XP_RETURN_IF_ERROR(CheckText(field, path, 4096));
  if (absl::StartsWith(path, "/")) return absl::OkStatus();
  return Bad(field, absl::StrCat("'", path.substr(0, 200), "' is no absolute path"));
}

absl::Status CheckInputs(const std::string& field, const v1::TrialSpec& spec) {
  absl::flat_hash_set<std::string> names;
  for (int i = 0; i < spec.inputs_size(); ++i) {
    const v1::InputChannel& input = spec.inputs(i);
    const std::string path = absl::StrCat(field, "[", i, "]");
    XP_RETURN_IF_ERROR(CheckName(path + ".name", input.name()));
    if (!names.insert(FoldName(input.name())).second) {
      return Bad(path + ".name", absl::StrCat("'", input.name(),
                                              "' stands there twice (names are compared without "
                                              "regard to case)"));
    }
    switch (input.source_case()) {
      case v1::InputChannel::kDataset:
        XP_RETURN_IF_ERROR(ParseDatasetRef(path + ".dataset", input.dataset()).status());
        break;
      case v1::InputChannel::kManifestSha256:
        XP_RETURN_IF_ERROR(CheckSha256(path + ".manifest_sha256", input.manifest_sha256()));
        break;
      case v1::InputChannel::kWorkerPath:
        XP_RETURN_IF_ERROR(CheckAbsolutePath(path + ".worker_path", input.worker_path()));
        break;
      case v1::InputChannel::SOURCE_NOT_SET:
        return Bad(path, "has no source; set dataset, manifest_sha256 or worker_path");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckResources(const std::string& field, const v1::Resources& resources) {
  if (resources.gpus() < 0 || resources.gpus() > kGpusMax) {
    return Bad(field + ".gpus", absl::StrCat(resources.gpus(), " is not in 0 ... ", kGpusMax));
  }
  if (resources.gpu_memory_bytes() > 0 && resources.gpus() == 0) {
    return Bad(field + ".gpu_memory_bytes", "is set, but gpus is 0; ask for a GPU or leave it out");
  }
  return CheckTags(field + ".labels", resources.labels());
}

// "7.5 s". The nanoseconds of a duration that is not normal are left out.
std::string Seconds(const google::protobuf::Duration& duration) {
  const int ms = duration.nanos() / 1'000'000;
  if (ms <= 0 || ms > 999) return absl::StrCat(duration.seconds(), " s");
  return absl::StrCat(static_cast<double>(duration.seconds()) + ms / 1000.0, " s");
}

absl::Status CheckDuration(const std::string& field, const google::protobuf::Duration& duration,
                           int64_t least_seconds) {
  const bool normal = duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
  const bool beyond = duration.seconds() == limits::kDurationMaxSeconds && duration.nanos() > 0;
  if (normal && !beyond && duration.seconds() >= least_seconds &&
      duration.seconds() <= limits::kDurationMaxSeconds) {
    return absl::OkStatus();
  }
  return Bad(field, absl::StrCat(Seconds(duration), " is not in ", least_seconds, " s ... ",
                                 limits::kDurationMaxSeconds, " s (366 days)"));
}

}  // namespace

absl::Status CheckSpec(std::string_view field_view, const v1::TrialSpec& spec,
                       const CheckDefinitions& check_definitions) {
  const std::string field(field_view);
  if (const size_t bytes = spec.ByteSizeLong(); bytes > limits::kSpecMaxBytes) {
    return Bad(field, absl::StrCat("has ", bytes, " bytes; at most ", limits::kSpecMaxBytes,
                                   " are accepted; put large values into a file"));
  }
  XP_RETURN_IF_ERROR(CheckCommand(field + ".command", spec));
  XP_RETURN_IF_ERROR(CheckParams(field + ".params", spec));
  XP_RETURN_IF_ERROR(CheckEnv(field + ".env", spec));
  XP_RETURN_IF_ERROR(check_definitions(field + ".metric_definitions", field + ".metrics_preset",
                                       spec.metric_definitions(), spec.metrics_preset()));
  XP_RETURN_IF_ERROR(CheckInputs(field + ".inputs", spec));
  if (!spec.source_manifest_sha256().empty()) {
    XP_RETURN_IF_ERROR(
        CheckSha256(field + ".source_manifest_sha256", spec.source_manifest_sha256()));
  }
  if (!spec.source_git_diff_sha256().empty()) {
    XP_RETURN_IF_ERROR(
        CheckSha256(field + ".source_git_diff_sha256", spec.source_git_diff_sha256()));
  }
  XP_RETURN_IF_ERROR(CheckText(field + ".source_git_commit", spec.source_git_commit(), 128));
  XP_RETURN_IF_ERROR(CheckResources(field + ".resources", spec.resources()));
  if (spec.has_timeout()) {
    XP_RETURN_IF_ERROR(CheckDuration(field + ".timeout", spec.timeout(), 1));
  }
  if (spec.has_stop_grace()) {
    XP_RETURN_IF_ERROR(CheckDuration(field + ".stop_grace", spec.stop_grace(), 0));
  }
  if (spec.retries() < 0 || spec.retries() > kRetriesMax) {
    return Bad(field + ".retries", absl::StrCat(spec.retries(), " is not in 0 ... ", kRetriesMax));
  }
  if (spec.checkpoint_dir().empty()) return absl::OkStatus();
  return CheckAbsolutePath(field + ".checkpoint_dir", spec.checkpoint_dir());
}

}  // namespace xp
