// One connection to SQLite: statements prepared once and bound, cursors, errors as statuses.
//
// SQL is a string literal at the place of its use; nothing else is accepted (a `const char
// (&)[N]`), so no value can slip into it. A statement is prepared at its first use and kept, found
// by the literal's address.
//
//   Query query(db, "SELECT name FROM trials WHERE id = ?", id);
//   while (query.Next()) Use(query.Text(0));
//   XP_RETURN_IF_ERROR(query.status());
//
// Not thread safe: one user at a time. A Query must end before its Database.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/sqlite/sqlite_status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace xp::store {

// Bound as a BLOB; plain strings are bound as TEXT.
struct BlobView {
  std::string_view bytes;
};

class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // `location` is a path or a "file:" URI. Codes of SqliteStatus.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& location, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs a statement that answers nothing that matters.
  template <size_t N, typename... Args>
  absl::Status Run(const char (&sql)[N], const Args&... args);

  // Runs a whole script (migrations, embedded in the binary).
  absl::Status RunScript(const char* sql);

  int64_t last_insert_id() const;
  int64_t changes() const;  // rows that the last INSERT, UPDATE or DELETE touched

  // The worst failure since the last call.
  Damage TakeDamage();
  // Puts back what TakeDamage took.
  void RestoreDamage(Damage damage) { damage_ = damage; }

  sqlite3* handle() { return handle_; }

 private:
  friend class Query;
  struct Cached {
    sqlite3_stmt* statement = nullptr;
    bool in_use = false;
  };

  explicit Database(sqlite3* handle) : handle_(handle) {}
  absl::StatusOr<sqlite3_stmt*> Prepare(const char* sql);
  absl::Status Failure(int code, std::string_view doing);

  sqlite3* const handle_;
  absl::flat_hash_map<const char*, Cached> statements_;
  Damage damage_ = Damage::kNone;
};

// A cursor over the rows of one statement.
class Query {
 public:
  template <size_t N, typename... Args>
  Query(Database& db, const char (&sql)[N], const Args&... args) : Query(db, sql, Trusted{}) {
    int index = 0;
    (Bind(++index, args), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // The next row; false at the end and on an error, which status() tells.
  bool Next();
  const absl::Status& status() const { return status_; }

  bool IsNull(int column) const;
  int64_t Int(int column) const;
  int32_t Int32(int column) const { return static_cast<int32_t>(Int(column)); }
  uint64_t Uint(int column) const { return static_cast<uint64_t>(Int(column)); }
  bool Bool(int column) const { return Int(column) != 0; }
  // TEXT or BLOB; valid until the next Next.
  std::string_view View(int column) const;
  std::string Text(int column) const { return std::string(View(column)); }
  std::optional<int64_t> MaybeInt(int column) const;

 private:
  struct Trusted {};
  Query(Database& db, const char* sql, Trusted);

  template <typename T>
  requires std::integral<T>
  void Bind(int index, T value) { BindInt(index, static_cast<int64_t>(value)); }
  template <typename T>
  void Bind(int index, const std::optional<T>& value) {
    if (value) {
      Bind(index, *value);
    }  // unbound is NULL
  }
  void Bind(int index, std::string_view text) { BindText(index, text); }
  void Bind(int index, const std::string& text) { BindText(index, text); }
  void Bind(int index, const char* text) { BindText(index, text); }
  void Bind(int index, BlobView blob) { BindBlob(index, blob.bytes); }
  void BindInt(int index, int64_t value);
  void BindText(int index, std::string_view text);
  void BindBlob(int index, std::string_view bytes);

  Database& db_;
  const char* const sql_;
  sqlite3_stmt* statement_ = nullptr;
  bool cached_ = false;  // else it is this query's own, because the cached one is in use
  absl::Status status_;
};

template <size_t N, typename... Args>
absl::Status Database::Run(const char (&sql)[N], const Args&... args) {
  Query query(*this, sql, args...);
  while (query.Next()) {
  }
  return query.status();
}

}  // namespace xp::store
