// xpworker: wiring only.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <random>
#include <string>
#include <thread>
#include <variant>

#include "client/cpp/channel.h"
#include "proto/log_setup.h"
#include "proto/status.h"
#include "worker/daemon/config.h"
#include "worker/daemon/daemon.h"
#include "worker/daemon/gpu_probe.h"
#include "worker/daemon/work_dir.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 64;

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

int Fail(const absl::Status& status) {
  spdlog::error("{}", std::string(status.message()));
  return status.code() == absl::StatusCode::kInvalidArgument ? kUsage : kFailed;
}

// True when SIGTERM or SIGINT is there.
bool ToldToEnd(const sigset_t& signals) {
  const timespec now = {};
  return sigtimedwait(&signals, nullptr, &now) > 0;
}

int Run(const xp::daemon::Config& config, const sigset_t& signals) {
  auto address = xp::client::ParseAddress(config.server);
  if (!address.ok()) return Fail(xp::Annotate(address.status(), "--server"));
  // An adopted run has the GPUs that its user gave it: they are looked at for the record.
  const xp::daemon::GpuInventory gpus = config.slots.gpus == "none" && config.adopt.empty()
                                            ? xp::daemon::GpuInventory()
                                            : xp::daemon::ProbeGpus();
  auto slots = xp::daemon::ChooseSlots(config.slots, gpus);
  if (!slots.ok()) return Fail(slots.status());
  std::random_device random;
  auto dir = xp::daemon::WorkDir::Open(config.work_dir, config.name,
                                       xp::daemon::FreshWorkerName(HostName(), random()));
  if (!dir.ok()) return Fail(dir.status());

  xp::SystemClock clock;
  xp::client::Client client(xp::client::MakeChannel(*address, xp::daemon::SessionChannelOptions()));
  const xp::daemon::DaemonOptions options{
      .name = dir->name(),
      .instance_id = std::to_string(random()) + "-" + std::to_string(random()),
      .host = HostName(),
      .labels = config.labels,
      .when_idle = config.when_idle,
      .adopt = config.adopt,
      .runner_binary = config.runner.empty() ? xp::runner::DefaultRunnerBinary() : config.runner,
      .machine = {.server = address->shown,
                  .slots = *slots,
                  .inherited = Environment(),
                  .cpus = static_cast<int>(std::thread::hardware_concurrency())},
      .gpu_driver = gpus.driver,
      .package_lists = xp::daemon::DefaultPackageLists(),
      .session = {.server = address->shown}};
  xp::daemon::Daemon daemon(dir->paths(), client, clock, options);
  if (absl::Status status = daemon.Start(); !status.ok()) return Fail(status);
  while (!ToldToEnd(signals)) {
    const absl::Status status = daemon.WaitUntilDone(absl::Milliseconds(200));
    if (status.ok()) break;
    if (!absl::IsUnavailable(status)) return Fail(status);
  }
  daemon.Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::variant<xp::daemon::Config, int> parsed = xp::daemon::ParseCommandLine(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const auto& config = std::get<xp::daemon::Config>(parsed);
  if (absl::Status status = xp::SetUpLog(xp::LogFormat::kAuto, config.log_level); !status.ok()) {
    return Fail(status);
  }
  signal(SIGPIPE, SIG_IGN);
  // Blocked in every thread to come, and asked for by the main one.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return Run(config, signals);
}
