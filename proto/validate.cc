#include "proto/validate.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>

#include "proto/limits.h"
#include "proto/resource_name.h"
#include "proto/status.h"
#include "proto/validate_spec.h"

namespace xp {
namespace {

constexpr size_t kTagKeyMaxBytes = 128;
constexpr size_t kTagValueMaxBytes = 256;
constexpr size_t kRequestIdMaxBytes = 128;
constexpr size_t kRankByMaxBytes = 300;
constexpr size_t kPathMaxBytes = 4096;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), ": ", ToAbsl(what)));
}

}  // namespace

absl::Status CheckMessageSize(size_t bytes) {
  if (bytes <= limits::kMessageMaxBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the message has ", bytes, " bytes, more than the ", limits::kMessageMaxBytes,
      " that are taken: split it, best into parts below ", limits::kMessageTargetBytes));
}

absl::Status CheckText(std::string_view field, std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Bad(field,
               absl::StrCat("has ", text.size(), " bytes; at most ", max_bytes, " are accepted"));
  }
  if (text.find('\0') != std::string_view::npos) {
    return Bad(field, "holds a NUL byte; only text is accepted");
  }
  return absl::OkStatus();
}

absl::Status CheckTags(std::string_view field,
                       const google::protobuf::Map<std::string, std::string>& tags) {
  if (tags.size() > limits::kTagsMax) {
    return Bad(field,
               absl::StrCat(tags.size(), " tags; at most ", limits::kTagsMax, " are accepted"));
  }
  const std::map<std::string, std::string> sorted(tags.begin(), tags.end());
  for (const auto& [key, value] : sorted) {
    const std::string path = absl::StrCat(ToAbsl(field), "[", key.substr(0, 200), "]");
    if (key.empty()) return Bad(path, "a tag's key is empty");
    XP_RETURN_IF_ERROR(CheckText(absl::StrCat(path, " (the key)"), key, kTagKeyMaxBytes));
    XP_RETURN_IF_ERROR(CheckText(path, value, kTagValueMaxBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckRequestId(std::string_view request_id) {
  const bool printable = std::all_of(request_id.begin(), request_id.end(), [](char c) {
    return !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (request_id.size() <= kRequestIdMaxBytes && printable) return absl::OkStatus();
  return Bad("request_id", absl::StrCat("must be at most ", kRequestIdMaxBytes,
                                        " bytes without control characters, best a random UUID"));
}

absl::Status CheckSha256(std::string_view field, std::string_view sha256) {
  const bool hex = std::all_of(sha256.begin(), sha256.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (sha256.size() == 64 && hex) return absl::OkStatus();
  return Bad(field, absl::StrCat("'", ToAbsl(sha256.substr(0, 80)),
                                 "' is no SHA-256; write 64 lower-case hex digits"));
}

absl::Status CheckRelativePath(std::string_view field, std::string_view path) {
  bool good =
      !path.empty() && path.size() <= kPathMaxBytes && path.find('\0') == std::string_view::npos;
  for (size_t begin = 0; good && begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    good = !part.empty() && part != "." && part != "..";
    begin = end + 1;
  }
  if (good) return absl::OkStatus();
  return Bad(field, absl::StrCat("'", ToAbsl(path.substr(0, 200)),
                                 "' is no path; write a relative one with '/' between its parts, "
                                 "none of them empty, '.' or '..', at most ",
                                 kPathMaxBytes, " bytes"));
}

absl::StatusOr<DatasetRef> ParseDatasetRef(std::string_view field, std::string_view text) {
  const size_t at = text.find('@');
  DatasetRef ref{std::string(text.substr(0, at)), 0};
  XP_RETURN_IF_ERROR(CheckName(field, ref.name));
  if (at == std::string_view::npos) return ref;
  const std::string_view version = text.substr(at + 1);
  if (!absl::SimpleAtoi(ToAbsl(version), &ref.version) || ref.version < 1) {
    return Bad(field, absl::StrCat("'", ToAbsl(version.substr(0, 50)),
                                   "' is no version; write NAME@1, NAME@2 ... or NAME alone for "
                                   "the newest"));
  }
  return ref;
}

absl::Status CheckExperimentFields(std::string_view field, const v1::Experiment& experiment) {
  const std::string path(field);
  XP_RETURN_IF_ERROR(
      CheckText(path + ".description", experiment.description(), limits::kDescriptionMaxLength));
  XP_RETURN_IF_ERROR(CheckText(path + ".rank_by", experiment.rank_by(), kRankByMaxBytes));
  XP_RETURN_IF_ERROR(CheckTags(path + ".tags", experiment.tags()));
  return CheckText(path + ".notes", experiment.notes(), limits::kDescriptionMaxLength);
}

absl::Status CheckTrialFields(std::string_view field, const v1::Trial& trial,
                              const CheckDefinitions& check_definitions) {
  const std::string path(field);
  if (!trial.has_spec()) return Bad(path + ".spec", "is missing; a trial needs at least a command");
  XP_RETURN_IF_ERROR(CheckSpec(path + ".spec", trial.spec(), check_definitions));
  XP_RETURN_IF_ERROR(CheckTags(path + ".tags", trial.tags()));
  return CheckText(path + ".notes", trial.notes(), limits::kDescriptionMaxLength);
}

absl::Status CheckSubmit(const v1::SubmitExperimentRequest& request,
                         const CheckDefinitions& check_definitions) {
  XP_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  XP_RETURN_IF_ERROR(CheckName("experiment.name", request.experiment().name()));
  XP_RETURN_IF_ERROR(CheckExperimentFields("experiment", request.experiment()));
  if (static_cast<size_t>(request.trials_size()) > limits::kTrialsPerSubmitMax) {
    return Bad("trials",
               absl::StrCat(request.trials_size(), " trials; at most ", limits::kTrialsPerSubmitMax,
                            " are accepted in one submit; send several"));
  }
  absl::flat_hash_map<std::string, int> names;
  for (int i = 0; i < request.trials_size(); ++i) {
    const v1::Trial& trial = request.trials(i);
    const std::string path = absl::StrCat("trials[", i, "]");
    XP_RETURN_IF_ERROR(CheckName(path + ".name", trial.name()));
    const auto [first, inserted] = names.emplace(FoldName(trial.name()), i);
    if (!inserted) {
      return Bad(path + ".name",
                 absl::StrCat("'", trial.name(), "' is also the name of trials[", first->second,
                              "] (names are compared without regard to case)"));
    }
    XP_RETURN_IF_ERROR(CheckTrialFields(path, trial, check_definitions));
  }
  return absl::OkStatus();
}

}  // namespace xp
