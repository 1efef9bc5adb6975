#include "worker/daemon/config.h"

#include <CLI/CLI.hpp>

#include <vector>

namespace xp::daemon {
namespace {

constexpr char kFooter[] =
    "\nA worker pulls trials from the server, runs them and reports their logs and metrics.\n"
    "SIGTERM ends the worker, not the training: the next worker on the same folder goes on with "
    "it.\n"
    "Exit codes: 0 ended as asked, 1 could not go on, 64 bad arguments.";
constexpr int kUsage = 64;

}  // namespace

std::variant<Config, int> ParseCommandLine(int argc, const char* const* argv) {
  Config config;
  std::vector<std::string> labels;
  bool once = false;
  CLI::App app("xpworker: runs trials on this machine", "xpworker");
  app.footer(kFooter);
  app.set_version_flag("--version", "xpworker " XP_VERSION);
  app.set_config("--config", "", "A file with these options, one `name = value` a line")
      ->envname("XP_WORKER_CONFIG");
  app.add_option("--server", config.server, "Where the server is: HOST:PORT")
      ->envname("XP_SERVER")
      ->capture_default_str();
  app.add_option("--work-dir", config.work_dir, "The worker's folder: attempts, cache, checkpoints")
      ->envname("XP_WORK_DIR")
      ->required();
  app.add_option("--name", config.name, "The worker's name (kept in its folder)")
      ->envname("XP_WORKER_NAME");
  app.add_option(
         "--slots", config.slots.cpu_slots,
         "CPU slots: trials without GPUs that run at once (default: 1 where there is no GPU)")
      ->envname("XP_SLOTS");
  app.add_option("--gpus", config.slots.gpus, "auto, none, or indices: 0,1")
      ->envname("XP_GPUS")
      ->capture_default_str();
  app.add_option("--label", labels, "NAME=VALUE that trials may ask for; may be repeated")
      ->envname("XP_LABELS")
      ->delimiter(',');
  app.add_flag("--once", once, "Take what fits now, leave when nothing runs and nothing fits");
  app.add_option("--adopt", config.adopt,
                 "Take the first trial to be the run that was begun in this attempt folder, and "
                 "leave with it (what xpctl run does)");
  app.add_option("--runner", config.runner, "The xprunner to use")->envname("XP_RUNNER");
  app.add_option("--log-level", config.log_level, "trace, debug, info, warning, error or off")
      ->envname("XP_LOG_LEVEL")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  for (const std::string& label : labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::cerr << "--label: found \"" << label << "\", expected NAME=VALUE\n";
      return kUsage;
    }
    config.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  if (once || !config.adopt.empty()) config.when_idle = WhenIdle::kLeave;
  return config;
}

}  // namespace xp::daemon
