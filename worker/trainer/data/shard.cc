#include "worker/trainer/data/shard.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little, "shards are little-endian");

constexpr char kMagic[8] = {'X', 'P', 'S', 'H', 'A', 'R', 'D', '\n'};
constexpr uint64_t kMaxExampleIds = 1 << 20;

// The fixed 64 bytes at the front: docs/shard-format.md.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t id_bytes;  // 2 or 4
  uint64_t examples;
  uint64_t ids;
  uint32_t id_limit;
  uint32_t lengths_crc;
  uint32_t labels_crc;
  uint32_t ids_crc;
  uint32_t reserved[3];
  uint32_t header_crc;  // of the 60 bytes before
};
static_assert(sizeof(Header) == 64);

uint32_t Crc(const void* data, size_t size) {
  const auto* bytes = static_cast<const Bytef*>(data);
  return uint32_t(crc32_z(0, bytes, size));
}

absl::Status DamagedShard(const fs::path& file, uint64_t offset, std::string_view what) {
  return absl::DataLossError(
      absl::StrFormat("%s: byte %d: %s; prepare it again", file.string(), offset, what));
}

// Takes pieces off the front of a file's bytes.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  template <typename T>
  bool Take(uint64_t count, std::vector<T>& out) {
    if (count > (bytes_.size() - at_) / sizeof(T)) return false;
    out.resize(size_t(count));
    std::memcpy(out.data(), bytes_.data() + at_, size_t(count) * sizeof(T));
    at_ += size_t(count) * sizeof(T);
    return true;
  }
  uint64_t at() const { return at_; }
  bool done() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t at_ = sizeof(Header);
};

absl::StatusOr<Header> ReadHeader(const fs::path& file, std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
    return DamagedShard(file, 0, "not a shard (it does not begin with XPSHARD)");
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (Crc(&header, sizeof header - sizeof header.header_crc) != header.header_crc) {
    return DamagedShard(file, 0, "the header's checksum does not fit");
  }
  if (header.version > kShardVersion) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s: shard version %d; this xptrain reads up to %d", file.string(),
                        header.version, kShardVersion));
  }
  if (header.version == 0 || (header.id_bytes != 2 && header.id_bytes != 4)) {
    return DamagedShard(file, 8, "impossible version or id size");
  }
  return header;
}

absl::StatusOr<std::vector<uint32_t>> ReadIds(const fs::path& file, const Header& header,
                                              Cursor& cursor) {
  const uint64_t at = cursor.at();
  std::vector<uint32_t> ids;
  std::vector<uint16_t> narrow;
  uint32_t crc = 0;
  if (header.id_bytes == 2) {
    if (!cursor.Take(header.ids, narrow))
      return DamagedShard(file, at, "the file ends within the ids");
    crc = Crc(narrow.data(), narrow.size() * 2);
    ids.assign(narrow.begin(), narrow.end());
  } else {
    if (!cursor.Take(header.ids, ids))
      return DamagedShard(file, at, "the file ends within the ids");
    crc = Crc(ids.data(), ids.size() * 4);
  }
  if (crc != header.ids_crc) return DamagedShard(file, at, "the checksum of the ids does not fit");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= header.id_limit) {
      return DamagedShard(file, at + i * header.id_bytes,
                          absl::StrFormat("id %d is not below %d", ids[i], header.id_limit));
    }
  }
  return ids;
}

}  // namespace

absl::Status WriteShard(const fs::path& file, const Examples& examples, uint32_t id_limit) {
  std::vector<uint32_t> lengths(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) lengths[i] = uint32_t(examples.Ids(i).size());
  for (const uint32_t id : examples.ids) {
    if (id >= id_limit) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: id %d is not below the limit %d", file.string(), id, id_limit));
    }
  }
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kShardVersion;
  header.id_bytes = id_limit <= 1u << 16 ? 2 : 4;
  header.examples = examples.size();
  header.ids = examples.ids.size();
  header.id_limit = id_limit;
  std::vector<uint16_t> narrow;
  const void* ids = examples.ids.data();
  if (header.id_bytes == 2) {
    narrow.assign(examples.ids.begin(), examples.ids.end());
    ids = narrow.data();
  }
  const size_t ids_bytes = examples.ids.size() * header.id_bytes;
  header.lengths_crc = Crc(lengths.data(), lengths.size() * 4);
  header.labels_crc = Crc(examples.labels.data(), examples.labels.size() * 4);
  header.ids_crc = Crc(ids, ids_bytes);
  header.header_crc = Crc(&header, sizeof header - sizeof header.header_crc);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char*>(lengths.data()), lengths.size() * 4);
  bytes.append(reinterpret_cast<const char*>(examples.labels.data()), examples.size() * 4);
  bytes.append(static_cast<const char*>(ids), ids_bytes);
  return WriteFile(file, bytes);
}

absl::StatusOr<Examples> ReadShard(const fs::path& file) {
  absl::StatusOr<std::string> bytes = ReadFile(file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Header> header = ReadHeader(file, *bytes);
  if (!header.ok()) return header.status();
  Cursor cursor(*bytes);
  Examples examples;
  std::vector<uint32_t> lengths;
  uint64_t at = cursor.at();
  if (!cursor.Take(header->examples, lengths)) {
    return DamagedShard(file, at, "the file ends within the lengths");
  }
  if (Crc(lengths.data(), lengths.size() * 4) != header->lengths_crc) {
    return DamagedShard(file, at, "the checksum of the lengths does not fit");
  }
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > kMaxExampleIds) return DamagedShard(file, at + i * 4, "impossible length");
    examples.starts.push_back(examples.starts.back() + lengths[i]);
  }
  if (examples.starts.back() != header->ids) {
    return DamagedShard(file, at, "the lengths do not add up to the number of ids");
  }
  at = cursor.at();
  if (!cursor.Take(header->examples, examples.labels)) {
    return DamagedShard(file, at, "the file ends within the labels");
  }
  if (Crc(examples.labels.data(), examples.labels.size() * 4) != header->labels_crc) {
    return DamagedShard(file, at, "the checksum of the labels does not fit");
  }
  absl::StatusOr<std::vector<uint32_t>> ids = ReadIds(file, *header, cursor);
  if (!ids.ok()) return ids.status();
  examples.ids = *std::move(ids);
  if (!cursor.done()) return DamagedShard(file, cursor.at(), "bytes after the end");
  return examples;
}

absl::StatusOr<Examples> ReadShardFolder(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".xpshard") files.push_back(entry.path());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("cannot list %s: %s", dir.string(), error.message()));
  }
  if (files.empty()) {
    return absl::NotFoundError(dir.string() + ": no *.xpshard file; `xptrain prepare` makes them");
  }
  std::sort(files.begin(), files.end());
  Examples all;
  for (const fs::path& file : files) {
    absl::StatusOr<Examples> shard = ReadShard(file);
    if (!shard.ok()) return shard.status();
    all.Append(*shard);
  }
  return all;
}

}  // namespace xp::trainer
