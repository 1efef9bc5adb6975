// Workers as they are remembered: who was seen, when, and who is drained. What a connected worker
// has and does lives in memory elsewhere.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "xp/v1/workers.pb.h"

namespace xp::store {

// Inside a change (write_context.h).
class WorkerWrites {
 public:
  virtual ~WorkerWrites() = default;

  // Notes a Hello: first and last seen, slots, labels, host, version. Answers what is stored
  // (`drained` and its reason among it). Drain survives.
  virtual absl::StatusOr<v1::Worker> Seen(const v1::Hello& hello) = 0;

  // Notes the end of a stream, of which the last message came at `last_heard`. A worker that tracks
  // one run (kTrackedRunLabel) is forgotten once that has ended. NOT_FOUND: never seen.
  virtual absl::Status Left(std::string_view worker, absl::Time last_heard) = 0;

  // NOT_FOUND: never seen. Idempotent.
  virtual absl::StatusOr<v1::Worker> Drain(std::string_view worker, std::string_view reason) = 0;
  virtual absl::StatusOr<v1::Worker> Undrain(std::string_view worker) = 0;
};

// Fills name, drained, drain_reason, slots, labels, host, version, first_ and last_seen_time; the
// rest is the live side's.
class WorkerReads {
 public:
  virtual ~WorkerReads() = default;

  virtual absl::StatusOr<v1::Worker> Get(std::string_view worker) = 0;
  virtual absl::StatusOr<v1::ListWorkersResponse> List(const v1::ListWorkersRequest& request) = 0;
};

}  // namespace xp::store
