// Brings a run to the server: its trial is created, an xpworker of its own (tracker.h) reports it
// as any worker would, and the run's folder goes once the server has confirmed the end. Each call
// goes on where the one before was cut.
//
// One thread.
#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "client/cpp/client.h"
#include "client/xpctl/run/run_record.h"
#include "client/xpctl/run/signals.h"
#include "client/xpctl/run/tracker.h"
#include "client/xpctl/session.h"

namespace xp::xpctl {

// Creates its trial, with the difference of its source. ALREADY_EXISTS: the name stands for another
// trial. Errors: the server's. Repeated it creates nothing twice.
absl::Status SubmitRun(client::Client& client, const RunRecord& record);

// Until the tracker has done its work; progress for people on stderr. OK: everything is with the
// server and the folder is gone. CANCELLED: a signal came. UNAVAILABLE: no server for some time.
// FAILED_PRECONDITION: the server does not want it (its trial was deleted or given up); the files
// stay where they are and are not delivered again. INTERNAL: xpworker could not go on, or
// left too early; with its reason. But for FAILED_PRECONDITION what failed waits for `xpctl sync`.
// Ends the tracker.
absl::Status AwaitDelivery(Session& session, client::Client& client, const RunRecord& record,
                           const Signals& signals, Tracker& tracker);

// Brings every run that waits and does not run any more, but `except` (a folder); what could not be
// brought is told and stays. False: some stay.
bool DeliverPending(Session& session, client::Client& client, const Signals& signals,
                    std::string_view except);

}  // namespace xp::xpctl
