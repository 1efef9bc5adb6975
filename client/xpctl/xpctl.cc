#include "client/xpctl/xpctl.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include "client/xpctl/commands/commands.h"
#include "client/xpctl/exit_code.h"
#include "client/xpctl/usage_error.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

constexpr const char* kFooter =
    "--server, --output and --config stand before or after the command.\n"
    "\n"
    "Exit codes: 0 done; 1 a trial that was waited for did not complete; 2 the command line or\n"
    "the spec file; 3 no server; 4 not found; 5 refused as things stand; 6 anything else.\n"
    "`run` exits with its command's code. Reference: docs/commands.md";

void Describe(CLI::App& app, GlobalOptions* options, Action* action) {
  app.add_option("--server", options->server,
                 "HOST:PORT of the server ($XP_SERVER, else 127.0.0.1:7070)");
  app.add_option("--output,-o", options->output, "table, json, csv or markdown ($XP_OUTPUT)")
      ->check(CLI::IsMember({"table", "json", "csv", "markdown"}));
  app.add_option("--config", options->config,
                 "File with `server = HOST:PORT` and `output = FORMAT` ($XP_CONFIG, else "
                 "~/.config/xp/xpctl.conf)");
  app.set_version_flag("--version", "xpctl " XP_VERSION);
  app.set_help_all_flag("--help-all", "Help of every command");
  app.footer(kFooter);
  // Global options are taken after the command too; one command each time.
  app.fallthrough();
  app.require_subcommand(1);
  for (const auto add :
       {AddSubmit,  AddRun,   AddSync,      AddCompare, AddExperiments, AddTrials, AddShow,
        AddLogs,    AddWatch, AddPlot,      AddStop,    AddRetry,       AddDelete, AddWhy,
        AddMetrics, AddData,  AddArtifacts, AddExport,  AddWorkers,     AddAdmin,  AddCompletion}) {
    add(app, action);
  }
}

int ReportError(World& world, const absl::Status& status) {
  // What people can mend needs no code word before it.
  const bool plain = ExitCodeOf(status) != kExitError;
  *world.err << "xpctl: " << (plain ? std::string(status.message()) : FormatStatus(status));
  if (absl::IsUnimplemented(status)) {
    *world.err << "; is this server an xpserver, and as new as xpctl " XP_VERSION "?";
  }
  *world.err << '\n' << std::flush;
  return ExitCodeOf(status);
}

}  // namespace

int RunXpctl(const std::vector<std::string>& arguments, World& world) {
  CLI::App app("xpctl: which model should I use?", "xpctl");
  GlobalOptions options;
  Action action;
  try {
    Describe(app, &options, &action);
    if (const absl::Status known = CheckCommand(app, arguments); !known.ok()) {
      return ReportError(world, known);
    }
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return ReportError(world, UsageError(app, error));
    return app.exit(error, *world.out, *world.err);  // help and version
  } catch (const std::exception& error) {
    return ReportError(world, absl::InternalError(error.what()));
  }
  try {
    const absl::StatusOr<Settings> settings = ReadSettings(options, world.getenv);
    if (!settings.ok()) return ReportError(world, settings.status());
    Session session(world, *settings);
    const absl::StatusOr<int> code = action(session);
    if (!code.ok()) return ReportError(world, code.status());
    // A full disk or a closed pipe must not look like success.
    if (!world.out->good())
      return ReportError(world, absl::DataLossError("stdout cannot be written"));
    return *code;
  } catch (const std::exception& error) {
    return ReportError(world, absl::InternalError(error.what()));
  }
}

}  // namespace xp::xpctl
