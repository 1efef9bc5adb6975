// The raw bytes of a source, as the program wrote them, with their times of arrival.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xp/v1/logs.pb.h"
#include "xp/v1/metrics.pb.h"

namespace xp::store {

// A run of stored bytes. Bytes before `offset` that were asked for and are not here were not kept.
struct LogPiece {
  uint64_t offset = 0;  // of the first byte
  std::string bytes;
  // Byte ranges beginning at .first (offsets of the source) arrived at .second (ms UTC); the first
  // covers `offset`.
  std::vector<std::pair<uint64_t, int64_t>> times;
};

class LogReads {
 public:
  virtual ~LogReads() = default;

  // Codes as in logs.proto.
  virtual absl::StatusOr<v1::ReadLogResponse> Read(const v1::ReadLogRequest& request) = 0;

  // The next stored piece of the log at or after `offset`, at most about 1 MiB: how backfill walks
  // a log in bounded memory. Empty bytes: the end of what is stored. NOT_FOUND: no such attempt.
  virtual absl::StatusOr<LogPiece> ReadPiece(std::string_view trial_uid, int32_t attempt,
                                             v1::SourceKind source, uint64_t offset) = 0;
};

}  // namespace xp::store
