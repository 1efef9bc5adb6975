#include "client/xpctl/run/begin_run.h"

#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>

#include "client/cpp/system_error.h"
#include "proto/status.h"
#include "worker/runner/runner_control.h"
#include "worker/runner/training_environment.h"

extern char** environ;

namespace xp::xpctl {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kLookAtFolder = absl::Milliseconds(100);
constexpr char kCuda[] = "CUDA_VISIBLE_DEVICES";
constexpr char kUnbuffered[] = "PYTHONUNBUFFERED";

// /dev/nvidia0, /dev/nvidia1 ...
std::vector<std::string> GpusOfTheMachine() {
  std::vector<std::string> gpus;
  std::error_code error;
  while (fs::exists(absl::StrCat("/dev/nvidia", gpus.size()), error)) {
    gpus.push_back(absl::StrCat(gpus.size()));
  }
  return gpus;
}

}  // namespace

std::map<std::string, std::string> OwnEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals != text.npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

std::vector<std::string> VisibleGpus(const std::map<std::string, std::string>& environment) {
  const auto set = environment.find(kCuda);
  if (set == environment.end()) return GpusOfTheMachine();
  std::vector<std::string> gpus;
  std::istringstream words(set->second);
  for (std::string word; std::getline(words, word, ',');) {
    if (!word.empty() && word != "-1") gpus.push_back(word);
  }
  return gpus;
}

absl::StatusOr<std::vector<std::string>> RunEnvironment(
    const RunRecord& record, const std::string& server,
    const std::map<std::string, std::string>& inherited) {
  const runner::AttemptFolder attempt = record.Attempt();
  runner::TrainingContext context{.experiment = record.experiment,
                                  .trial = record.trial,
                                  .server = server,
                                  .source_dir = fs::current_path().string(),
                                  .output_dir = attempt.OutputDir(),
                                  .model_dir = attempt.ModelDir(),
                                  .checkpoint_dir = record.CheckpointDir(),
                                  .metrics_file = attempt.MetricsFile(),
                                  .gpus = VisibleGpus(inherited),
                                  .cpus = static_cast<int>(std::thread::hardware_concurrency())};
  if (const auto own = inherited.find(kUnbuffered); own != inherited.end()) {
    context.env.emplace_back(own->first, own->second);
  }
  XP_ASSIGN_OR_RETURN(std::vector<std::string> environment,
                      runner::BuildEnvironment(context, inherited));
  const std::string cuda = absl::StrCat(kCuda, "=");
  std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(cuda); });
  if (const auto own = inherited.find(kCuda); own != inherited.end()) {
    environment.push_back(cuda + own->second);
  }
  return environment;
}

absl::Status BeginRun(const RunRecord& record, const std::string& server) {
  const runner::AttemptFolder attempt = record.Attempt();
  for (const std::string& folder :
       {attempt.OutputDir(), attempt.ModelDir(), record.CheckpointDir()}) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return client::SystemError(error.value(), folder);
  }
  runner::RunnerSpec spec{.argv = record.command, .working_dir = fs::current_path().string()};
  XP_ASSIGN_OR_RETURN(spec.env, RunEnvironment(record, server, OwnEnvironment()));
  return runner::StartRunner(runner::DefaultRunnerBinary(), attempt, spec);
}

absl::StatusOr<bool> HasBegunOrCallOff(const RunRecord& record, const absl::Status& why,
                                       absl::Time now, const Signals& signals) {
  const runner::AttemptFolder attempt = record.Attempt();
  while (true) {
    // Only with the folder in hand is it sure that no runner has begun or will.
    const absl::StatusOr<runner::FolderLock> held = runner::HoldFolder(attempt);
    if (held.ok()) {
      XP_RETURN_IF_ERROR(runner::CallOff(attempt, *held, "WORKER_FAULT", FormatStatus(why), now));
      return false;
    }
    if (!absl::IsFailedPrecondition(held.status())) return held.status();
    XP_ASSIGN_OR_RETURN(const runner::RunnerState state, runner::Probe(attempt));
    if (state.command || state.exit) return true;
    signals.Wait(kLookAtFolder);  // a runner is about to begin, or to give up
  }
}

absl::StatusOr<bool> CallOffAbandoned(const RunRecord& record, absl::Time now) {
  if (!record.starter.IsGone()) return false;
  const runner::AttemptFolder attempt = record.Attempt();
  const absl::StatusOr<runner::FolderLock> held = runner::HoldFolder(attempt);
  if (absl::IsFailedPrecondition(held.status())) return false;  // it had started a runner
  if (!held.ok()) return held.status();
  XP_RETURN_IF_ERROR(runner::CallOff(attempt, *held, "WORKER_FAULT",
                                     "xpctl run ended before the command began", now));
  return true;
}

}  // namespace xp::xpctl
