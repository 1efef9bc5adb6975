#include "client/xpctl/usage_error.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "client/xpctl/spec/map_reader.h"

namespace xp::xpctl {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

void AddOptionNames(const CLI::App& app, std::vector<std::string>* names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names->push_back("--" + name);
  }
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& names) {
  const std::string near = Nearest(word, names);
  return near.empty() ? "" : absl::StrCat("; did you mean ", near, "?");
}

std::string NoCommand(const std::string& word, const CLI::App& app) {
  const std::vector<std::string> names = CommandNames(app);
  const std::string near = DidYouMean(word, names);
  return absl::StrCat("there is no command \"", word, "\"",
                      near.empty() ? "; there are " + absl::StrJoin(names, ", ") : near);
}

// What the parser left over, or what it missed.
std::string Problem(const CLI::App& app, const CLI::App& command, const CLI::ParseError& error) {
  const std::vector<std::string> left = app.remaining(/*recurse=*/true);
  const std::vector<std::string> below = CommandNames(command);
  if (left.empty() || left.front() == "--") {
    const bool no_word = error.get_name() == "RequiredError" && !below.empty();
    return no_word ? "a command is missing; there are " + absl::StrJoin(below, ", ")
                   : std::string(error.what());
  }
  const std::string& word = left.front();
  if (word.starts_with('-')) {
    std::vector<std::string> names;
    AddOptionNames(command, &names);
    if (&command != &app) AddOptionNames(app, &names);
    const std::string bare = word.substr(0, word.find('='));
    return absl::StrCat("unknown option ", bare, DidYouMean(bare, names));
  }
  if (!below.empty()) return NoCommand(word, command);
  return absl::StrCat("\"", word, "\" is one word too many");
}

}  // namespace

absl::Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    const std::string& option = arguments[at];
    const bool with_value =
        option == "--server" || option == "--output" || option == "-o" || option == "--config";
    at += with_value ? 2 : 1;
  }
  if (at >= arguments.size()) return absl::OkStatus();
  for (const std::string& name : CommandNames(app)) {
    if (name == arguments[at]) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(NoCommand(arguments[at], app), "  (xpctl --help)"));
}

absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string path;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
    absl::StrAppend(&path, path.empty() ? "" : " ", command->get_name());
  }
  return absl::InvalidArgumentError(absl::StrCat(path, path.empty() ? "" : ": ",
                                                 Problem(app, *command, error), "  (xpctl ", path,
                                                 path.empty() ? "" : " ", "--help)"));
}

}  // namespace xp::xpctl
