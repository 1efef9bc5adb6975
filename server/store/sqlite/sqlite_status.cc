#include "server/store/sqlite/sqlite_status.h"

#include <sqlite3.h>

#include "proto/status.h"

namespace xp::store {

Damage DamageOf(int extended_code) {
  switch (extended_code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_COMMIT_ATOMIC:
      return Damage::kDisk;
    default:
      break;
  }
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return Damage::kGroup;
    default:
      return Damage::kNone;
  }
}

absl::Status SqliteStatus(int extended_code, std::string_view detail, std::string_view doing) {
  const std::string message =
      absl::StrCat(ToAbsl(doing), ": ", ToAbsl(detail), " (SQLite code ", extended_code, ")");
  switch (extended_code & 0xff) {
    case SQLITE_OK:
      return absl::OkStatus();
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(message, "; the disk is full: make room, then try again"));
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(message);
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN:
      return absl::UnavailableError(message);
    case SQLITE_CORRUPT:
      return absl::DataLossError(message);
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::FailedPreconditionError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace xp::store
