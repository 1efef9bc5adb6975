// A row of `experiments`, and what is made of it. For whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "server/store/sqlite/database.h"
#include "xp/v1/experiments.pb.h"

namespace xp::store {

struct ExperimentRow {
  int64_t id = 0;
  std::string uid;
  std::string name;
  std::string description;
  std::string rank_by;
  std::string tags;  // JSON
  std::string notes;
  int64_t create_time = 0;
  int64_t update_time = 0;
};

// The columns that ReadExperimentRow takes, in its order.
#define XP_EXPERIMENT_COLUMNS \
  "id, uid, name, description, rank_by, tags, notes, create_time, update_time FROM experiments "

ExperimentRow ReadExperimentRow(const Query& query);

// Without regard to case. NOT_FOUND names the nearest.
absl::StatusOr<ExperimentRow> FindExperiment(Database& db, std::string_view name);

// With the counts of its trials by state.
absl::StatusOr<v1::Experiment> ToExperiment(Database& db, const ExperimentRow& row);

}  // namespace xp::store
