// Tokenised, labelled examples in binary files: docs/shard-format.md. Examples that nobody changes
// may be read by any thread.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace xp::trainer {

inline constexpr uint32_t kShardVersion = 1;

// Examples beside each other: the ids of example i are ids[starts[i] .. starts[i + 1]).
struct Examples {
  std::vector<uint32_t> ids;
  std::vector<uint64_t> starts = {0};
  std::vector<int32_t> labels;
  // Beside ids, or empty: what counts (else all of it) and token types (else all 0). Shards have
  // neither; lines of ids may.
  std::vector<uint8_t> mask;
  std::vector<uint8_t> types;

  size_t size() const { return labels.size(); }
  std::span<const uint32_t> Ids(size_t i) const {
    return {ids.data() + starts[i], size_t(starts[i + 1] - starts[i])};
  }
  void Add(std::span<const uint32_t> tokens, int32_t label) {
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    starts.push_back(ids.size());
    labels.push_back(label);
  }
  void Append(const Examples& more) {
    for (size_t i = 0; i < more.size(); ++i) Add(more.Ids(i), more.labels[i]);
  }
};

// Whether the labels of examples count, or are whatever is there.
enum class Labels { kRequired, kIgnored };

// Written aside, synced and renamed. INVALID_ARGUMENT when an id is not below id_limit.
absl::Status WriteShard(const std::filesystem::path& file, const Examples& examples,
                        uint32_t id_limit);

// DATA_LOSS names file and byte offset of what is wrong; FAILED_PRECONDITION: a newer version.
absl::StatusOr<Examples> ReadShard(const std::filesystem::path& file);

// All shards of a folder (*.xpshard), in the order of their names. NOT_FOUND when there is none.
absl::StatusOr<Examples> ReadShardFolder(const std::filesystem::path& dir);

}  // namespace xp::trainer
