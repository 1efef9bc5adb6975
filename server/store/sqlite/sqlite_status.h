// SQLite's result codes as statuses, decided in this one place.
#pragma once

#include <absl/status/status.h>

#include <string_view>

struct sqlite3;

namespace xp::store {

// What a failure means for those who share the transaction.
enum class Damage {
  kNone,   // this statement alone: a constraint, a bug
  kGroup,  // the transaction cannot go on: full, I/O error, out of memory, busy
  kDisk,   // a failed fsync: nobody knows what is on the disk; the process must end
};

Damage DamageOf(int extended_code);

// The status of the connection's last error: RESOURCE_EXHAUSTED (full, out of memory), UNAVAILABLE
// (I/O, busy), DATA_LOSS (corrupt), FAILED_PRECONDITION (not a database, read-only), INTERNAL (all
// else: a bug of ours). `doing` begins the message.
absl::Status SqliteStatus(int extended_code, std::string_view detail, std::string_view doing);

}  // namespace xp::store
