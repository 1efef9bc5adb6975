#include "client/xpctl/settings.h"

#include <absl/strings/str_cat.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <map>
#include <utility>

#include "client/cpp/channel.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

struct Found {
  std::string value;
  std::string from;  // "--output", "$XP_OUTPUT", the file's path
};

using Values = std::map<std::string, Found>;  // by key of the config file

std::string Variable(const GetEnv& getenv, const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

std::string UsualPath(const GetEnv& getenv) {
  if (const std::string set = Variable(getenv, "XDG_CONFIG_HOME"); !set.empty()) {
    return set + "/xp/xpctl.conf";
  }
  const std::string home = Variable(getenv, "HOME");
  return home.empty() ? "" : home + "/.config/xp/xpctl.conf";
}

absl::StatusOr<Values> ReadConfig(const GlobalOptions& options, const GetEnv& getenv) {
  std::string path = options.config.empty() ? Variable(getenv, "XP_CONFIG") : options.config;
  const bool asked_for = !path.empty();
  if (!asked_for) path = UsualPath(getenv);
  Values values;
  if (path.empty()) return values;
  std::ifstream file(path);
  if (!file) {
    if (asked_for) return absl::NotFoundError(path + ": the config file cannot be read");
    return values;
  }
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(file)) {
    const std::string key = item.fullname();
    if (key != "server" && key != "output") {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": \"", key, "\" is no setting; there are server and output"));
    }
    if (item.inputs.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", key, ": write one value"));
    }
    values[key] = {item.inputs[0], path};
  }
  return values;
}

absl::StatusOr<OutputFormat> FormatOf(const Found& found) {
  if (found.value.empty() || found.value == "table") return OutputFormat::kTable;
  if (found.value == "json") return OutputFormat::kJson;
  if (found.value == "csv") return OutputFormat::kCsv;
  if (found.value == "markdown") return OutputFormat::kMarkdown;
  return absl::InvalidArgumentError(absl::StrCat(found.from, ": \"", found.value,
                                                 "\" is no format; there are table, json, csv and "
                                                 "markdown"));
}

}  // namespace

absl::StatusOr<Settings> ReadSettings(const GlobalOptions& options, const GetEnv& getenv) {
  XP_ASSIGN_OR_RETURN(Values values, ReadConfig(options, getenv));
  const auto take = [&](const char* key, const std::string& option, const char* variable) -> Found {
    if (!option.empty()) return {option, absl::StrCat("--", key)};
    if (const std::string set = Variable(getenv, variable); !set.empty()) {
      return {set, absl::StrCat("$", variable)};
    }
    return std::move(values[key]);
  };
  const Found server = take("server", options.server, "XP_SERVER");
  Settings settings;
  settings.server = server.value.empty() ? std::string(client::kDefaultServer) : server.value;
  settings.server_from = server.value.empty() ? "the default" : "from " + server.from;
  XP_ASSIGN_OR_RETURN(settings.output, FormatOf(take("output", options.output, "XP_OUTPUT")));
  return settings;
}

}  // namespace xp::xpctl
