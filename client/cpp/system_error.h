// What the system said, as a status with the path. For the files of this folder.
#pragma once

#include <absl/status/status.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "proto/status.h"

namespace xp::client {

// NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk full), else FAILED_PRECONDITION.
inline absl::Status SystemError(int error, const std::string& path) {
  const std::string message = path + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

}  // namespace xp::client
