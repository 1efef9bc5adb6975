// TrialWrites over SQLite.
#pragma once

#include "server/store/sqlite/write_session.h"
#include "server/store/trial_store.h"

namespace xp::store {

class SqliteTrialWrites final : public TrialWrites {
 public:
  explicit SqliteTrialWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<v1::Trial> Create(const v1::CreateTrialRequest& request) override;
  absl::StatusOr<v1::Trial> Update(const v1::UpdateTrialRequest& request) override;
  absl::Status Delete(std::string_view name, DeletePolicy policy) override;
  absl::StatusOr<v1::Trial> Stop(std::string_view name, core::StopReason reason) override;
  absl::StatusOr<v1::Trial> Retry(const v1::RetryTrialRequest& request) override;

 private:
  WriteSession& session_;
};

}  // namespace xp::store
