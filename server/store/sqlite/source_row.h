// A row of `sources`: one attempt's log, metrics file or writer, and how far it is held. For
// whoever has a connection.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/sqlite/database.h"
#include "xp/v1/metrics.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::store {

struct SourceRow {
  int64_t attempt_id = 0;
  v1::SourceKind kind = v1::SOURCE_KIND_UNSPECIFIED;
  std::string writer_id;
  int32_t generation = 0;
  uint64_t held = 0;
  bool inside_over_long_line = false;
  std::optional<int64_t> end_generation;
  std::optional<int64_t> end_offset;
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t points = 0;
  uint64_t series = 0;
  uint64_t over_long_lines = 0;
  uint64_t bad_lines = 0;
  std::string bad_line_sample;
  uint64_t bytes_not_kept = 0;

  bool complete() const {
    return !end_offset || (static_cast<int64_t>(generation) >= end_generation.value_or(0) &&
                           static_cast<int64_t>(held) >= *end_offset);
  }
};

// A row with nothing held where there is none yet.
absl::StatusOr<SourceRow> FindSource(Database& db, int64_t attempt_id, v1::SourceKind kind,
                                     std::string_view writer_id = "");
absl::StatusOr<std::vector<SourceRow>> ListSources(Database& db, int64_t attempt_id);
absl::Status SaveSource(Database& db, const SourceRow& row);

v1::SourceOffset ToOffset(const SourceRow& row);

}  // namespace xp::store
