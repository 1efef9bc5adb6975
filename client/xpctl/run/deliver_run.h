// Brings a run to the server: its trial is created, an xpworker of its own (tracker.h) reports it
// as any worker would, and the run's folder goes once the server has confirmed the end. Each call
// goes on where the one before was cut.
//
// One thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "client/cpp/client.h"
#include "client/xpctl/run/run_record.h"
#include "client/xpctl/run/signals.h"
#include "client/xpctl/run/tracker.h"
#include "client/xpctl/session.h"

namespace xp::xpctl {

enum class Delivery {
  kDelivered,  // everything is with the server and the folder is gone
  kGoesOn,     // it runs here still, or another xpctl delivers it
  kUnwanted,   // its trial was deleted or given up: its files stay and are not delivered again
};

// Creates its trial, with the difference of its source. ALREADY_EXISTS: the name stands for another
// trial. Errors: the server's. Repeated it creates nothing twice.
absl::Status SubmitRun(client::Client& client, const RunRecord& record);

// Until the tracker has done its work; progress for people on stderr. kDelivered or kUnwanted.
// CANCELLED: a signal came. UNAVAILABLE: no server for some time. INTERNAL: xpworker could not go
// on, or left too early; with its reason. Other errors: the server's. After an error the run waits
// for `xpctl sync`. Ends the tracker.
absl::StatusOr<Delivery> AwaitDelivery(Session& session, client::Client& client,
                                       const RunRecord& record, const Signals& signals,
                                       Tracker& tracker);

// What people read of a run that is kUnwanted, and of one that waits: "is kept in ...".
std::string UnwantedWords(const RunRecord& record);
std::string KeptWords(const RunRecord& record);

// Brings every run that waits and does not run any more, but `except` (a folder); what could not be
// brought is told and stays. False: some stay.
bool DeliverPending(Session& session, client::Client& client, const Signals& signals,
                    std::string_view except);

}  // namespace xp::xpctl
