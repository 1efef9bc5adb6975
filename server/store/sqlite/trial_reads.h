// TrialReads and ExperimentReads over SQLite.
#pragma once

#include "server/store/experiment_store.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/trial_store.h"

namespace xp::store {

class SqliteExperimentReads final : public ExperimentReads {
 public:
  explicit SqliteExperimentReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<v1::Experiment> Get(std::string_view name) override;
  absl::StatusOr<v1::ListExperimentsResponse> List(
      const v1::ListExperimentsRequest& request) override;

 private:
  ReaderPool& pool_;
};

class SqliteTrialReads final : public TrialReads {
 public:
  explicit SqliteTrialReads(ReaderPool* pool) : pool_(*pool) {}

  absl::StatusOr<v1::Trial> Get(std::string_view name) override;
  absl::StatusOr<v1::Trial> GetByUid(std::string_view uid) override;
  absl::StatusOr<v1::ListTrialsResponse> List(const v1::ListTrialsRequest& request) override;
  absl::StatusOr<std::vector<LiveTrial>> Watch(std::string_view experiment,
                                               const std::vector<std::string>& trials) override;
  absl::StatusOr<std::vector<LiveTrial>> ListLive() override;
  absl::StatusOr<v1::ListAttemptsResponse> ListAttempts(
      const v1::ListAttemptsRequest& request) override;
  absl::StatusOr<std::vector<v1::TrialEvent>> ListEvents(std::string_view name) override;

 private:
  ReaderPool& pool_;
};

}  // namespace xp::store
