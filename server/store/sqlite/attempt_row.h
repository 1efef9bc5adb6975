// A row of `attempts`, and what is made of it. For whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/retry_policy.h"
#include "server/core/trial_state.h"
#include "server/store/sqlite/database.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

struct AttemptRow {
  int64_t id = 0;
  int64_t trial_id = 0;
  int32_t number = 0;
  std::string worker;
  core::TrialState state = core::TrialState::kAssigned;
  v1::EndReason reason = v1::END_REASON_UNSPECIFIED;
  std::string message;
  std::optional<int32_t> exit_code;
  int32_t signal = 0;
  std::vector<int32_t> slots;
  int64_t assign_time = 0;
  int64_t start_time = 0;
  int64_t exit_time = 0;
  int64_t end_time = 0;
  int64_t run_ms = 0;
  bool accepted = false;
  bool exited = false;
  bool finished = false;
  bool confirmed = false;
  bool resumed = false;
  std::optional<int64_t> resumed_from_step;
  int32_t checkpoint_from_attempt = 0;
  std::string checkpoint_note;
  std::string time_zone;
  int32_t utc_offset_s = 0;
  // Set once `exited`, or when it was given up.
  core::EndVerdict verdict;
  bool has_verdict = false;
};

// NOT_FOUND: no attempt of this number.
absl::StatusOr<AttemptRow> FindAttempt(Database& db, int64_t trial_id, int32_t number);
absl::StatusOr<std::vector<AttemptRow>> ListAttemptRows(Database& db, int64_t trial_id);

// `row.id` is set.
absl::Status InsertAttempt(Database& db, AttemptRow& row);
absl::Status SaveAttempt(Database& db, const AttemptRow& row);

v1::Attempt ToAttempt(const AttemptRow& row);

}  // namespace xp::store
