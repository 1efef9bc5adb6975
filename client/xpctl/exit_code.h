// The exit codes of xpctl (docs/commands.md). Constants and a pure function.
#pragma once

#include <absl/status/status.h>

namespace xp::xpctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitTrialFailed = 1;  // a trial that was waited for did not complete
inline constexpr int kExitUsage = 2;        // the command line, the spec file or a value in them
inline constexpr int kExitNoServer = 3;     // nobody there, or gone in the middle
inline constexpr int kExitNotFound = 4;     // no such experiment, trial, dataset, file
inline constexpr int kExitRefused = 5;      // not as things stand: the state, a name that is taken
inline constexpr int kExitError = 6;        // anything else

inline int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitUsage;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kExitNoServer;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
      return kExitRefused;
    default:
      return kExitError;
  }
}

}  // namespace xp::xpctl
