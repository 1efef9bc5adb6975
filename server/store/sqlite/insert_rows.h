// New experiments and trials, for Create and Submit alike.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/sqlite/write_session.h"
#include "xp/v1/experiments.pb.h"
#include "xp/v1/trials.pb.h"

namespace xp::store {

// A request_id and what it stood for, kept with what the request made and as long as that lives.
struct RequestMark {
  std::string id;    // empty: the request has none
  std::string hash;  // SHA-256 of method and content

  std::optional<std::string_view> stored_id() const {
    if (id.empty()) return std::nullopt;
    return id;
  }
};
RequestMark MarkRequest(std::string_view method, std::string_view request_id,
                        const google::protobuf::Message& request);

// Whether `mark` was seen before: nothing, or the rows that the first call made.
// ALREADY_EXISTS: with other content.
enum class RequestSeen { kNew, kRepeated };
absl::StatusOr<RequestSeen> FindRequest(Database& db, const RequestMark& mark);

// The id of the new row. The name is free (checked by the caller).
absl::StatusOr<int64_t> InsertExperiment(WriteSession& session, const v1::Experiment& experiment,
                                         std::string_view name, const RequestMark& mark);

// The id of the new row; queued. `trial.spec` is resolved (manifest_refs.h) and the name is free.
absl::StatusOr<int64_t> InsertTrial(WriteSession& session, int64_t experiment_id,
                                    std::string_view name, const v1::Trial& trial,
                                    const RequestMark& mark);

// What is not the same in two specs, as one line: "params[1].text: \"3\" is now \"4\"".
// Empty: they are equal.
std::string FirstDifference(const v1::TrialSpec& held, const v1::TrialSpec& given);

}  // namespace xp::store
