// GroupBackend over the one writing connection.
#pragma once

#include "proto/clock.h"
#include "server/store/group_commit.h"
#include "server/store/sqlite/sqlite_write_context.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

// Both outlive this object. Only the writer's thread.
class SqliteBackend final : public GroupBackend {
 public:
  SqliteBackend(WriteSession* session, Clock* clock)
      : session_(*session), clock_(*clock), context_(session) {}

  absl::Status Begin() override;
  absl::Status BeginItem() override;
  WriteContext& context() override { return context_; }
  absl::Status KeepItem() override;
  absl::Status UndoItem() override;
  absl::StatusOr<CommittedChanges> Commit() override;
  void Rollback() override;
  GroupHealth TakeHealth() override;

 private:
  WriteSession& session_;
  Clock& clock_;
  SqliteWriteContext context_;
  ChangeLog::Mark mark_;
};

}  // namespace xp::store
