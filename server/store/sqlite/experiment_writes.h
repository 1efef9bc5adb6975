// ExperimentWrites over SQLite.
#pragma once

#include "server/store/experiment_store.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

class SqliteExperimentWrites final : public ExperimentWrites {
 public:
  explicit SqliteExperimentWrites(WriteSession* session) : session_(*session) {}

  absl::StatusOr<v1::SubmitExperimentResponse> Submit(
      const v1::SubmitExperimentRequest& request) override;
  absl::StatusOr<v1::Experiment> Create(const v1::CreateExperimentRequest& request) override;
  absl::StatusOr<v1::Experiment> Update(const v1::UpdateExperimentRequest& request) override;
  absl::Status Delete(std::string_view name, DeletePolicy policy) override;

 private:
  WriteSession& session_;
};

}  // namespace xp::store
