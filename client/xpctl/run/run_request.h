// A run as what the server is asked to create. Pure; any thread.
#pragma once

#include <string>

#include "client/xpctl/run/run_record.h"
#include "xp/v1/experiments.pb.h"

namespace xp::xpctl {

// The label that ties a run's trial to its own worker. The server knows it too: nobody else is
// given the trial, that worker is given nothing else, and is forgotten when it has left.
inline constexpr char kRunLabel[] = "xp.run";

// The experiment (made if it is new) with the one trial. Repeated it creates nothing twice.
v1::SubmitExperimentRequest SubmitRequestOf(const RunRecord& record);

}  // namespace xp::xpctl
