// The version of a database and how an older one is brought up to date: docs/database.md.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "server/store/sqlite/database.h"

namespace xp::store {

struct Migration {
  const char* name;  // "0001_initial.sql": the version is its place in the list, from 1
  const char* sql;
};

// All that this program knows, embedded by CMake from migrations/, in order.
const std::vector<Migration>& Migrations();

// Marks a file as xp's (PRAGMA application_id): "xpdb".
inline constexpr int64_t kApplicationId = 0x78706462;

// Runs the `migrations` that the database lacks, in one transaction, and checks foreign keys.
// FAILED_PRECONDITION: the database is newer than the list, or is not xp's.
absl::Status MigrateSchema(Database& db, const std::vector<Migration>& migrations = Migrations());

// The same refusals, before anything is changed.
absl::Status CheckSchema(Database& db, const std::vector<Migration>& migrations = Migrations());

absl::StatusOr<int> SchemaVersion(Database& db);

}  // namespace xp::store
