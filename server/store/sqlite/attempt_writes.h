// AttemptWrites over SQLite.
#pragma once

#include "server/store/attempt_store.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

class SqliteAttemptWrites final : public AttemptWrites {
 public:
  explicit SqliteAttemptWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<v1::Assignment> Assign(const AssignRequest& request) override;
  absl::Status Accepted(const v1::Accepted& message) override;
  absl::Status NotTaken(const v1::AttemptId& attempt, std::string_view why) override;
  absl::Status Started(const v1::Started& message) override;
  absl::Status NoteState(const v1::StateUpdate& message) override;
  absl::Status LeaseExpired(const v1::AttemptId& attempt) override;
  absl::Status WorkerReturned(const v1::AttemptId& attempt) override;
  absl::Status GiveUp(const v1::AttemptId& attempt, std::string_view why) override;
  absl::StatusOr<EndProgress> Exited(const v1::Exited& message) override;
  absl::StatusOr<EndProgress> Finished(const v1::Finished& message) override;
  absl::StatusOr<int> GiveUpFinishing(absl::Time before) override;
  absl::StatusOr<AttemptStanding> Find(const v1::AttemptId& attempt) override;
  absl::StatusOr<std::vector<LiveTrial>> HeldBy(std::string_view worker) override;

 private:
  WriteSession& session_;
};

}  // namespace xp::store
