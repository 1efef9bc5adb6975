// xpctl completion bash|zsh|fish: a script for the shell, made from the commands that there are.
#include <absl/strings/str_cat.h>

#include <memory>
#include <ostream>

#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"

namespace xp::xpctl {
namespace {

// "submit compare ..." and "--wait --check ..." of one command.
std::string Words(const CLI::App& app) {
  std::string words;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&words, words.empty() ? "" : " ", child->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      absl::StrAppend(&words, words.empty() ? "" : " ", "--", name);
    }
  }
  return words;
}

// One `case` per command and per command within a command.
std::string Cases(const CLI::App& app, const std::string& path) {
  std::string cases;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = path.empty() ? child->get_name() : path + " " + child->get_name();
    absl::StrAppend(&cases, "    \"", name, "\") words=\"", Words(*child),
                    " --server --output\" ;;\n", Cases(*child, name));
  }
  return cases;
}

std::string BashScript(const CLI::App& app) {
  return absl::StrCat(
      "_xpctl() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" words i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in\n"
      "      --server|--output|-o) i=$((i + 1)) ;;\n"
      "      -*) ;;\n"
      "      *) case \"$path\" in\n"
      "           \"\"|workers|metrics|data|artifacts|admin)\n"
      "             path=\"${path:+$path }${COMP_WORDS[i]}\" ;;\n"
      "         esac ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
      "    --output|-o) COMPREPLY=($(compgen -W \"table json csv markdown\" -- \"$current\")); "
      "return ;;\n"
      "  esac\n"
      "  case \"$path\" in\n"
      "    \"\") words=\"",
      Words(app), "\" ;;\n", Cases(app, ""),
      "    *) words=\"--server --output\" ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o default -F _xpctl xpctl\n");
}

std::string ZshScript(const CLI::App& app) {
  return "autoload -Uz bashcompinit && bashcompinit\n" + BashScript(app);
}

std::string FishScript(const CLI::App& app) {
  std::string script =
      "complete -c xpctl -l server -x -d 'HOST:PORT of the server'\n"
      "complete -c xpctl -s o -l output -xa 'table json csv markdown'\n";
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::string description = child->get_description();
    for (size_t at = 0; (at = description.find('\'', at)) != description.npos; at += 2) {
      description.insert(at, "\\");
    }
    const std::string& name = child->get_name();
    absl::StrAppend(&script, "complete -c xpctl -n __fish_use_subcommand -a ", name, " -d '",
                    description, "'\n");
    for (const CLI::App* part : child->get_subcommands([](const CLI::App*) { return true; })) {
      absl::StrAppend(&script, "complete -c xpctl -n '__fish_seen_subcommand_from ", name, "' -a ",
                      part->get_name(), "\n");
    }
    for (const CLI::Option* option : child->get_options()) {
      for (const std::string& word : option->get_lnames()) {
        absl::StrAppend(&script, "complete -c xpctl -n '__fish_seen_subcommand_from ", name,
                        "' -l ", word, "\n");
      }
    }
  }
  return script;
}

}  // namespace

void AddCompletion(CLI::App& app, Action* action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* const command =
      app.add_subcommand("completion", "A completion script: source <(xpctl completion bash)");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, action, &app] {
    *action = [shell, &app](Session& session) -> absl::StatusOr<int> {
      std::ostream& out = *session.world().out;
      if (*shell == "bash") out << BashScript(app);
      if (*shell == "zsh") out << ZshScript(app);
      if (*shell == "fish") out << FishScript(app);
      return kExitOk;
    };
  });
}

}  // namespace xp::xpctl
