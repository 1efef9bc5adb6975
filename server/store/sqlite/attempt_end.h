// How an attempt ends: found and fenced, its verdict decided (core/retry_policy), kept, and applied
// once the last byte and artifact are in.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <google/protobuf/repeated_ptr_field.h>

#include "server/store/attempt_store.h"
#include "server/store/sqlite/attempt_row.h"
#include "server/store/sqlite/trial_row.h"
#include "server/store/sqlite/write_session.h"

namespace xp::store {

struct FencedAttempt {
  TrialRow trial;
  AttemptRow attempt;
};

// NOT_FOUND: unknown or deleted. FAILED_PRECONDITION: not the trial's latest attempt.
absl::StatusOr<FencedAttempt> FindFenced(Database& db, const v1::AttemptId& id);

// Both rows.
absl::Status SaveBoth(Database& db, const FencedAttempt& both);

// Counts the verdict's charge against the trial (or takes it back).
enum class ChargeDirection { kCount, kTakeBack };
void ApplyCharge(TrialRow& trial, const AttemptRow& attempt, ChargeDirection direction);

// The verdict becomes the state of trial and attempt. `both` is changed, not saved.
absl::Status ApplyVerdict(WriteSession& session, FencedAttempt& both);

// Notes where the sources end.
absl::Status StoreEnds(Database& db, int64_t attempt_id,
                       const google::protobuf::RepeatedPtrField<v1::SourceOffset>& ends);

// Ends the attempt when it exited, finished, and every source is held to its end. Saves both when
// it does. True: its end is stored, now or before.
absl::StatusOr<bool> TryConfirm(WriteSession& session, FencedAttempt& both);

// The last lines of the attempt's log, for people.
absl::StatusOr<std::string> LoadLogTail(Database& db, int64_t attempt_id);

// What is missing of the attempt, for people: "the log: 100 of 300 bytes are here".
absl::StatusOr<std::string> DescribeMissing(Database& db, const AttemptRow& attempt);

}  // namespace xp::store
