// Runs a program to its end and gives what it wrote to stdout: for asking git. Its stderr and stdin
// are /dev/null. Safe from any thread.
//
// Errors: NOT_FOUND (no such program), FAILED_PRECONDITION (it failed, or wrote more than allowed).
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace xp::xpctl {

absl::StatusOr<std::string> ChildOutput(const std::vector<std::string>& argv, size_t max_bytes);

}  // namespace xp::xpctl
