// Every command of xpctl (DESIGN section 13, docs/commands.md). Each function describes its command
// to `app`; when the command is asked for, `*action` is what does it.
#pragma once

#include "client/xpctl/command.h"

namespace xp::xpctl {

void AddSubmit(CLI::App& app, Action* action);
void AddCompare(CLI::App& app, Action* action);
void AddExperiments(CLI::App& app, Action* action);
void AddTrials(CLI::App& app, Action* action);
void AddShow(CLI::App& app, Action* action);
void AddLogs(CLI::App& app, Action* action);
void AddStop(CLI::App& app, Action* action);
void AddRetry(CLI::App& app, Action* action);
void AddDelete(CLI::App& app, Action* action);
void AddWhy(CLI::App& app, Action* action);
void AddWatch(CLI::App& app, Action* action);
void AddPlot(CLI::App& app, Action* action);
void AddMetrics(CLI::App& app, Action* action);
void AddData(CLI::App& app, Action* action);
void AddArtifacts(CLI::App& app, Action* action);
void AddExport(CLI::App& app, Action* action);
void AddWorkers(CLI::App& app, Action* action);
void AddAdmin(CLI::App& app, Action* action);
void AddRun(CLI::App& app, Action* action);
void AddSync(CLI::App& app, Action* action);
void AddCompletion(CLI::App& app, Action* action);

}  // namespace xp::xpctl
