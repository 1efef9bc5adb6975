// xptrain: trains and runs encoder classifiers. Wiring only; docs/trainer.md has the commands.
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/stop_signals.h"

int main(int argc, char** argv) {
  using namespace xp::trainer;
  KeepStandardStreams();
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond ulimit -f is an error, as on a full disk
  CLI::App app("Trains DistilBERT, RoBERTa and BERT classifiers, natively.", "xptrain");
  app.set_version_flag("--version", std::string("xptrain ") + XP_VERSION);
  // Before the commands, which take it over.
  app.config_formatter(ConfigFormat())->allow_config_extras(CLI::config_extras_mode::error);
  app.set_config("--config", "", "Options from a file (INI or TOML, a section per command)");
  app.require_subcommand(1);
  Action run;
  AddVocabCommand(app, &run);
  AddPrepareCommand(app, &run);
  AddTokenizeCommand(app, &run);
  AddTrainCommand(app, &run);
  AddPredictCommand(app, &run);
  std::vector<std::string> arguments = NormalizeArguments(argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants its vector
  try {
    app.parse(arguments);
  } catch (const CLI::ConfigError& error) {
    std::cerr << "xptrain: --config: " << error.what()
              << "; accepted: a section for each command ([train]), in it NAME=VALUE lines of its "
                 "options\n";
    return kExitUsage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  // What tuned_start.cc took for the command may have been another's argument.
  if (!app.got_subcommand("train")) ReleaseStopSignals();
  absl::Status status;
  try {
    status = run();
  } catch (const std::bad_alloc&) {
    status = absl::ResourceExhaustedError("out of memory");
  } catch (const std::system_error& error) {
    status = error.code() == std::errc::resource_unavailable_try_again
                 ? absl::ResourceExhaustedError(
                       "no thread can be started: a limit on processes (ulimit -u, a control "
                       "group's pids.max) or on memory is reached")
                 : absl::InternalError(std::string("internal error: ") + error.what());
  } catch (const std::exception& error) {  // none should come so far; an abort would say less
    status = absl::InternalError(std::string("internal error: ") + error.what());
  }
  SayIfNot(status);
  return ExitCodeOf(status);
}
