#include "worker/trainer/model/zip_file.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace xp::trainer {
namespace {

// PKWARE's APPNOTE, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kMaxComment = 65535;
constexpr size_t kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr uint16_t kExtra64 = 1;  // the kind of an extra field
constexpr uint32_t kSee64 = 0xFFFFFFFF,
                   kSee64Count = 0xFFFF;  // the number stands in 64 bits elsewhere

template <typename T>
T At(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

absl::Status Damaged(size_t at, std::string_view what) {
  return absl::DataLossError(absl::StrFormat("byte %d: %s", at, what));
}

std::optional<size_t> FindEnd(std::string_view archive) {
  if (archive.size() < kEndBytes) return std::nullopt;
  const size_t last = archive.size() - kEndBytes;
  for (size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    if (At<uint32_t>(archive, last - back) == kEnd) return last - back;
  }
  return std::nullopt;
}

struct Directory {
  uint64_t at = 0;
  uint64_t members = 0;
};

// `end` is where the end record lies. With 64-bit numbers another record stands before it.
absl::StatusOr<Directory> FindDirectory(std::string_view archive, size_t end) {
  const Directory plain{At<uint32_t>(archive, end + 16), At<uint16_t>(archive, end + 10)};
  if (plain.at != kSee64 && plain.members != kSee64Count) return plain;
  if (end < kLocator64Bytes || At<uint32_t>(archive, end - kLocator64Bytes) != kLocator64) {
    return Damaged(end, "the place of the zip64 directory is missing");
  }
  const auto record = At<uint64_t>(archive, end - kLocator64Bytes + 8);
  const size_t most = end - kLocator64Bytes;
  if (record > most || most - record < kEnd64Bytes || At<uint32_t>(archive, record) != kEnd64) {
    return Damaged(end - kLocator64Bytes, "no zip64 end record lies where it is said to");
  }
  return Directory{At<uint64_t>(archive, record + 48), At<uint64_t>(archive, record + 32)};
}

// The numbers of a directory entry that do not fit 32 bits stand in an extra field, in this order.
absl::Status ReadLargeNumbers(std::string_view extra, size_t central, uint64_t& size,
                              uint64_t& packed, uint64_t& local) {
  while (extra.size() >= 4) {
    const auto kind = At<uint16_t>(extra, 0);
    const size_t bytes = At<uint16_t>(extra, 2);
    extra.remove_prefix(4);
    if (bytes > extra.size()) break;
    std::string_view field = extra.substr(0, bytes);
    extra.remove_prefix(bytes);
    if (kind != kExtra64) continue;
    for (uint64_t* const number : {&size, &packed, &local}) {
      if (*number != kSee64) continue;
      if (field.size() < sizeof *number) return Damaged(central, "its zip64 field is too short");
      *number = At<uint64_t>(field, 0);
      field.remove_prefix(sizeof *number);
    }
    return absl::OkStatus();
  }
  return Damaged(central, "its zip64 field is missing");
}

// Where a member lies, its header included, and what its bytes sum up to.
struct Span {
  uint64_t begin = 0;
  uint32_t crc = 0;
  ZipMember member;

  uint64_t end() const { return member.offset + member.bytes.size(); }
};

absl::StatusOr<Span> FindMember(std::string_view archive, size_t central, std::string_view extra) {
  uint64_t size = At<uint32_t>(archive, central + 24), local = At<uint32_t>(archive, central + 42);
  uint64_t packed = At<uint32_t>(archive, central + 20);
  if (At<uint16_t>(archive, central + 10) != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "byte %d: a compressed member; save it again with torch.save, which stores", central));
  }
  if (size == kSee64 || packed == kSee64 || local == kSee64) {
    const absl::Status status = ReadLargeNumbers(extra, central, size, packed, local);
    if (!status.ok()) return status;
  }
  if (local > archive.size() || archive.size() - local < kLocalBytes ||
      At<uint32_t>(archive, local) != kLocal) {
    return Damaged(central, absl::StrFormat("no member begins at byte %d", local));
  }
  const size_t begin =
      local + kLocalBytes + At<uint16_t>(archive, local + 26) + At<uint16_t>(archive, local + 28);
  if (begin > archive.size() || size > archive.size() - begin) {
    return Damaged(begin, "the archive ends within a member");
  }
  return Span{local, At<uint32_t>(archive, central + 16), {archive.substr(begin, size), begin}};
}

// No byte is in two members, so that the sums take no longer than the file is.
absl::Status CheckMembers(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].begin < spans[i - 1].end()) {
      return Damaged(spans[i].begin, "a member overlaps another");
    }
  }
  for (const Span& span : spans) {
    if (span.crc == 0) continue;  // writers may leave the checksum out
    const std::string_view bytes = span.member.bytes;
    const uLong found = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (uint32_t(found) != span.crc) {
      return Damaged(span.member.offset, "the member's checksum does not fit");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::map<std::string, ZipMember>> ReadStoredZip(std::string_view archive) {
  const std::optional<size_t> end = FindEnd(archive);
  if (!end) return Damaged(archive.size(), "not a zip archive, or its end is missing");
  const absl::StatusOr<Directory> directory = FindDirectory(archive, *end);
  if (!directory.ok()) return directory.status();
  std::map<std::string, ZipMember> members;
  std::vector<Span> spans;
  uint64_t at = directory->at;
  for (uint64_t i = 0; i < directory->members; ++i) {
    if (at > *end || *end - at < kCentralBytes || At<uint32_t>(archive, at) != kCentral) {
      return Damaged(std::min<uint64_t>(at, *end), "the directory is damaged");
    }
    const size_t name = At<uint16_t>(archive, at + 28), extra = At<uint16_t>(archive, at + 30);
    const size_t rest = extra + At<uint16_t>(archive, at + 32);
    if (at + kCentralBytes + name + rest > *end) return Damaged(at, "the directory is damaged");
    absl::StatusOr<Span> span =
        FindMember(archive, at, archive.substr(at + kCentralBytes + name, extra));
    if (!span.ok()) return span.status();
    const std::string called(archive.substr(at + kCentralBytes, name));
    if (!members.emplace(called, span->member).second) {
      return Damaged(at, "a second member called '" + called + "'");
    }
    spans.push_back(*span);
    at += kCentralBytes + name + rest;
  }
  if (absl::Status status = CheckMembers(std::move(spans)); !status.ok()) return status;
  return members;
}

}  // namespace xp::trainer
