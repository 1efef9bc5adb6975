// What the commands of xptrain share: how they are put together, their exit codes, their manners.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "worker/trainer/progress.h"

namespace xp::trainer {

// docs/trainer.md lists these.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitInput = 3,       // a file is missing, damaged, or does not fit
  kExitDiverged = 4,    // the loss is no longer a number
  kExitResources = 5,   // memory or disk
  kExitPreempted = 75,  // stopped; start again to go on (DESIGN section 2)
};
int ExitCodeOf(const absl::Status& status);

// Gives standard streams that are closed a descriptor, so that no file that is opened later becomes
// one of them. Writing to a standard output that was closed fails, as it should.
void KeepStandardStreams();

// Each adds its command to `app`; *run is set to what it does when it is the one chosen.
using Action = std::function<absl::Status()>;
void AddVocabCommand(CLI::App& app, Action* run);
void AddPrepareCommand(CLI::App& app, Action* run);
void AddTokenizeCommand(CLI::App& app, Action* run);
void AddTrainCommand(CLI::App& app, Action* run);
void AddPredictCommand(CLI::App& app, Action* run);

// `--learning_rate 5e-5` and `--learning-rate 5e-5` are one option, and so is what people type
// between; the names of options become lower case with dashes. Values stay as they are.
std::vector<std::string> NormalizeArguments(int argc, char** argv);

// For positional arguments of any number: CLI11 takes a word like "[a, b]" for a list of words.
CLI::Option* TakeWordsAsTheyAre(CLI::Option* option);

// Of --config: TOML or INI, where names of options are as free as NormalizeArguments has them.
std::shared_ptr<CLI::Config> ConfigFormat();

// What writing results to stdout came to: flushes it. RESOURCE_EXHAUSTED: the disk is full.
absl::Status FlushStdout();

// A line on stderr for what went wrong and ends nothing; none if OK.
void SayIfNot(const absl::Status& status);
void SayWarning(const std::string& warning);  // none if empty

ProgressStyle StderrStyle();  // a bar on a terminal unless TERM is dumb or not set, else lines
Now SteadyNow();

// Where SageMaker's script mode and xp put things: the environment variable, or "".
std::string FromEnvironment(const char* name);

}  // namespace xp::trainer
