// xpctl completion bash|zsh|fish: a script for the shell, made from the commands that there are.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"

namespace xp::xpctl {
namespace {

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// "submit compare ..." and "--wait --check ..." of one command.
std::string Words(const CLI::App& app) {
  std::string words;
  for (const CLI::App* child : Commands(app)) {
    absl::StrAppend(&words, words.empty() ? "" : " ", child->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      absl::StrAppend(&words, words.empty() ? "" : " ", "--", name);
    }
  }
  return words;
}

struct Path {
  std::string name;  // "submit", "data push"
  const CLI::App* command;
};

std::vector<Path> Paths(const CLI::App& app) {
  std::vector<Path> paths;
  for (const CLI::App* child : Commands(app)) {
    paths.push_back({child->get_name(), child});
    for (const CLI::App* part : Commands(*child)) {
      paths.push_back({child->get_name() + " " + part->get_name(), part});
    }
  }
  return paths;
}

std::string BashScript(const CLI::App& app) {
  std::string known;
  std::string cases;
  for (const Path& path : Paths(app)) {
    absl::StrAppend(&known, known.empty() ? "" : "|", "\"", path.name, "\"");
    absl::StrAppend(&cases, "    \"", path.name, "\") words=\"", Words(*path.command),
                    " --server --output --config\" ;;\n");
  }
  return absl::StrCat(
      "_xpctl() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" words i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in\n"
      "      --server|--output|-o|--config) i=$((i + 1)) ;;\n"
      "      -*) ;;\n"
      "      *) case \"${path:+$path }${COMP_WORDS[i]}\" in\n"
      "           ",
      known,
      ") path=\"${path:+$path }${COMP_WORDS[i]}\" ;;\n"
      "         esac ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
      "    --output|-o) COMPREPLY=($(compgen -W \"table json csv markdown\" -- \"$current\")); "
      "return ;;\n"
      "  esac\n"
      "  case \"$path\" in\n"
      "    \"\") words=\"",
      Words(app), "\" ;;\n", cases,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o default -F _xpctl xpctl\n");
}

std::string ZshScript(const CLI::App& app) {
  return "autoload -Uz bashcompinit && bashcompinit\n" + BashScript(app);
}

std::string FishQuoted(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != text.npos; at += 2) text.insert(at, "\\");
  return "'" + text + "'";
}

std::string FishScript(const CLI::App& app) {
  std::string script =
      "complete -c xpctl -l server -x -d 'HOST:PORT of the server'\n"
      "complete -c xpctl -l config -r -d 'Config file'\n"
      "complete -c xpctl -s o -l output -xa 'table json csv markdown'\n";
  for (const CLI::App* child : Commands(app)) {
    absl::StrAppend(&script, "complete -c xpctl -n __fish_use_subcommand -a ", child->get_name(),
                    " -d ", FishQuoted(child->get_description()), "\n");
  }
  for (const Path& path : Paths(app)) {
    // Within "data push" both words have been seen.
    std::string seen;
    for (const auto& word : absl::StrSplit(path.name, ' ')) {
      absl::StrAppend(&seen, seen.empty() ? "" : "; and ", "__fish_seen_subcommand_from ", word);
    }
    for (const CLI::App* part : Commands(*path.command)) {
      absl::StrAppend(&script, "complete -c xpctl -n '", seen, "' -a ", part->get_name(), " -d ",
                      FishQuoted(part->get_description()), "\n");
    }
    for (const CLI::Option* option : path.command->get_options()) {
      for (const std::string& word : option->get_lnames()) {
        absl::StrAppend(&script, "complete -c xpctl -n '", seen, "' -l ", word, " -d ",
                        FishQuoted(option->get_description()), "\n");
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
