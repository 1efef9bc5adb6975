// A spec file's experiment and trials as the API's messages. Functions; any thread.
#pragma once

#include "client/xpctl/spec/spec_file.h"
#include "xp/v1/experiments.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::xpctl {

void ExperimentMessage(const SpecFile& from, v1::Experiment* experiment);

// Whole but for what only the content of local folders tells: inputs stand in the section's order,
// a local one without its source; nothing is said of `source_dir`.
void TrialMessage(const SpecTrial& from, v1::Trial* trial);

}  // namespace xp::xpctl
