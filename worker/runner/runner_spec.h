// What xprunner is told about one attempt: the content of attempt.json (version 1).
// Values; safe from any thread.
//
// Errors: INVALID_ARGUMENT for a spec that could not run (no command, a relative working directory,
// NUL bytes) or text that is no spec, with the field's path; FAILED_PRECONDITION for a version that
// this build does not know.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

namespace xp::runner {

struct RunnerSpec {
  // The command. argv[0] without a '/' is looked up in the PATH of `env`; with one it is taken from
  // `working_dir`.
  std::vector<std::string> argv;
  // The whole environment of the command, "NAME=value" each: nothing is inherited.
  std::vector<std::string> env;
  // Absolute.
  std::string working_dir;
  // What is left of the trial's time limit (all attempts together), on the monotonic clock.
  absl::Duration time_limit = absl::InfiniteDuration();
  // Between SIGTERM and SIGKILL, when the time limit ends the run or the runner itself is told to
  // end by SIGTERM. A stop request brings its own.
  absl::Duration grace = absl::Seconds(120);
  // What the main process leaves running gets SIGTERM, and SIGKILL after this.
  absl::Duration descendant_grace = absl::Seconds(5);
};

absl::Status CheckSpec(const RunnerSpec& spec);

// Text that is not UTF-8 survives the way through JSON (as {"hex": "..."}).
std::string SpecToJson(const RunnerSpec& spec);
absl::StatusOr<RunnerSpec> SpecFromJson(std::string_view json);

}  // namespace xp::runner
