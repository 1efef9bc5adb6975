#include "server/store/sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "proto/status.h"

namespace xp::store {

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& location, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(location.c_str(), &handle, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string detail = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    sqlite3_close_v2(handle);
    return SqliteStatus(code, detail, absl::StrCat("opening ", location));
  }
  // Only the in-memory database and a checkpoint that truncates the log ever make another wait.
  sqlite3_busy_timeout(handle, 10'000);
  return std::unique_ptr<Database>(new Database(handle));
}

Database::~Database() {
  for (auto& [sql, cached] : statements_) sqlite3_finalize(cached.statement);
  sqlite3_close_v2(handle_);
}

absl::Status Database::Failure(int code, std::string_view doing) {
  damage_ = std::max(damage_, DamageOf(code));
  return SqliteStatus(code, sqlite3_errmsg(handle_), doing);
}

Damage Database::TakeDamage() { return std::exchange(damage_, Damage::kNone); }

absl::StatusOr<sqlite3_stmt*> Database::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Failure(code, sql);
  return statement;
}

absl::Status Database::RunScript(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Failure(code, "running a script");
}

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Query::Query(Database& db, const char* sql, Trusted) : db_(db), sql_(sql) {
  Database::Cached& cached = db.statements_[sql];
  if (cached.statement != nullptr && !cached.in_use) {
    statement_ = cached.statement;
    cached_ = cached.in_use = true;
    return;
  }
  auto prepared = db.Prepare(sql);
  if (!prepared.ok()) {
    status_ = prepared.status();
    return;
  }
  statement_ = *prepared;
  if (cached.statement == nullptr) {
    cached.statement = statement_;
    cached_ = cached.in_use = true;
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  if (!cached_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  db_.statements_[sql_].in_use = false;
}

bool Query::Next() {
  if (!status_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) status_ = db_.Failure(code, sql_);
  return false;
}

void Query::BindInt(int index, int64_t value) {
  if (!status_.ok()) return;
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) status_ = db_.Failure(code, sql_);
}

// Copied (TRANSIENT): a cursor may outlive the temporaries that it was bound to.
void Query::BindText(int index, std::string_view text) {
  if (!status_.ok()) return;
  const int code = sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(),
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) status_ = db_.Failure(code, sql_);
}

void Query::BindBlob(int index, std::string_view bytes) {
  if (!status_.ok()) return;
  const int code = bytes.empty() ? sqlite3_bind_zeroblob(statement_, index, 0)
                                 : sqlite3_bind_blob64(statement_, index, bytes.data(),
                                                       bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) status_ = db_.Failure(code, sql_);
}

bool Query::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Query::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::View(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

std::optional<int64_t> Query::MaybeInt(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

}  // namespace xp::store
