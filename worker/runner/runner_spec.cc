#include "worker/runner/runner_spec.h"

#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>

#include "worker/runner/json_text.h"

namespace xp::runner {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRunnerSpecVersion = 1;

absl::Status CheckTexts(const char* field, const std::vector<std::string>& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, "[", i, "]: holds a NUL byte, which no program's argument or environment can"));
    }
  }
  return absl::OkStatus();
}

Json TextsToJson(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(TextToJson(text));
  return out;
}

absl::StatusOr<std::vector<std::string>> TextsField(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto it = object.find(key);
  if (it == object.end()) return texts;
  if (!it->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": expected a list of strings"));
  }
  for (size_t i = 0; i < it->size(); ++i) {
    auto text = TextFromJson(absl::StrCat(key, "[", i, "]"), (*it)[i]);
    if (!text.ok()) return text.status();
    texts.push_back(*std::move(text));
  }
  return texts;
}

int64_t ToMs(absl::Duration duration) { return absl::ToInt64Milliseconds(duration); }

}  // namespace

absl::Status CheckSpec(const RunnerSpec& spec) {
  if (spec.argv.empty() || spec.argv[0].empty()) {
    return absl::InvalidArgumentError("argv: no command: give at least the program's name");
  }
  if (spec.working_dir.empty() || spec.working_dir[0] != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("working_dir: found \"", spec.working_dir, "\", expected an absolute path"));
  }
  if (spec.grace < absl::ZeroDuration() || spec.descendant_grace < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("grace: a negative duration");
  }
  if (absl::Status status = CheckTexts("argv", spec.argv); !status.ok()) return status;
  if (absl::Status status = CheckTexts("env", spec.env); !status.ok()) return status;
  return CheckTexts("working_dir", {spec.working_dir});
}

std::string SpecToJson(const RunnerSpec& spec) {
  Json json = {{"version", kRunnerSpecVersion}};
  json["argv"] = TextsToJson(spec.argv);
  json["env"] = TextsToJson(spec.env);
  json["working_dir"] = TextToJson(spec.working_dir);
  if (spec.time_limit != absl::InfiniteDuration()) json["time_limit_ms"] = ToMs(spec.time_limit);
  json["grace_ms"] = ToMs(spec.grace);
  json["descendant_grace_ms"] = ToMs(spec.descendant_grace);
  return json.dump(2) + "\n";
}

absl::StatusOr<RunnerSpec> SpecFromJson(std::string_view text) {
  auto json = ParseVersioned("attempt.json", text, kRunnerSpecVersion);
  if (!json.ok()) return json.status();
  const RunnerSpec defaults;
  auto argv = TextsField(*json, "argv");
  if (!argv.ok()) return argv.status();
  auto env = TextsField(*json, "env");
  if (!env.ok()) return env.status();
  auto working_dir = TextField(*json, "working_dir");
  if (!working_dir.ok()) return working_dir.status();
  auto limit = IntField(*json, "time_limit_ms", -1);
  if (!limit.ok()) return limit.status();
  auto grace = IntField(*json, "grace_ms", ToMs(defaults.grace));
  if (!grace.ok()) return grace.status();
  auto descendants = IntField(*json, "descendant_grace_ms", ToMs(defaults.descendant_grace));
  if (!descendants.ok()) return descendants.status();
  RunnerSpec spec{.argv = *std::move(argv),
                  .env = *std::move(env),
                  .working_dir = *std::move(working_dir),
                  .grace = absl::Milliseconds(*grace),
                  .descendant_grace = absl::Milliseconds(*descendants)};
  if (*limit >= 0) spec.time_limit = absl::Milliseconds(*limit);
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  return spec;
}

}  // namespace xp::runner
