// Figures and the backup.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>

#include "xp/v1/admin.pb.h"

namespace xp::store {

// Takes the next bytes of the tar. Any error ends the backup with it.
using BackUpSink = std::function<absl::Status(std::string_view bytes, uint64_t total_bytes)>;

class AdminReads {
 public:
  virtual ~AdminReads() = default;

  // Random, made with the database; stays through backup and restore.
  virtual std::string store_id() const = 0;

  // Everything but version, start_time and workers_connected.
  virtual absl::StatusOr<v1::Stats> GetStats() = 0;

  // A consistent copy while serving, as one tar: `xp.db`, then the blobs that it names
  // (`blobs/...`), then `backup.json`, without which the copy is not whole. Blobs are kept from
  // collection meanwhile. RESOURCE_EXHAUSTED: no room for the copy of the database beside it.
  // ABORTED: another backup runs. `total_bytes` is an estimate.
  virtual absl::Status BackUp(const BackUpSink& sink) = 0;
};

}  // namespace xp::store
