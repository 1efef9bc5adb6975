// The server's own checks (proto/validate.h) made over a spec that reads well, so that nothing
// passes `submit --check` which the server then refuses for what stands in the file. What only the
// server knows (which datasets and names there are) and what local folders hold is not looked at.
//
// Function; any thread.
#pragma once

#include "client/xpctl/spec/spec_errors.h"
#include "client/xpctl/spec/spec_file.h"
#include "client/xpctl/spec/yaml_tree.h"

namespace xp::xpctl {

// Adds at most one error per trial, at the place in the file that the value came from: the trial's
// own entry, `defaults` or a matrix. What is wrong with many trials in one place is said once, with
// the first one's name. `root` is the file that `spec` was read from.
void CheckAsServer(const YamlNode& root, const SpecFile& spec, SpecErrors* errors);

}  // namespace xp::xpctl
