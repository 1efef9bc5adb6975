#include "worker/trainer/model/zip_file.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cstring>
#include <optional>

namespace xp::trainer {
namespace {

// PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kMaxComment = 65535;

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

absl::StatusOr<ZipMember> ReadMember(std::string_view archive, size_t central) {
  const uint32_t size = At<uint32_t>(archive, central + 24);
  const size_t local = At<uint32_t>(archive, central + 42);
  if (At<uint16_t>(archive, central + 10) != 0) {
    return absl::UnimplementedError(absl::StrFormat("byte %d: a compressed member", central));
  }
  if (size == 0xFFFFFFFF || local == 0xFFFFFFFF) {
    return absl::UnimplementedError(
        absl::StrFormat("byte %d: zip64; save the model as safetensors", central));
  }
  if (local + kLocalBytes > archive.size() || At<uint32_t>(archive, local) != kLocal) {
    return Damaged(local, "no member begins here");
  }
  const size_t begin =
      local + kLocalBytes + At<uint16_t>(archive, local + 26) + At<uint16_t>(archive, local + 28);
  if (begin > archive.size() || size > archive.size() - begin) {
    return Damaged(begin, "the archive ends within a member");
  }
  const std::string_view bytes = archive.substr(begin, size);
  const uint32_t wanted = At<uint32_t>(archive, central + 16);
  const auto found = uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), size));
  // Writers may leave the checksum out, as 0.
  if (wanted != 0 && wanted != found) return Damaged(begin, "the member's checksum does not fit");
  return ZipMember{bytes, begin};
}

}  // namespace

absl::StatusOr<std::map<std::string, ZipMember>> ReadStoredZip(std::string_view archive) {
  const std::optional<size_t> end = FindEnd(archive);
  if (!end) return Damaged(archive.size(), "not a zip archive, or its end is missing");
  std::map<std::string, ZipMember> members;
  size_t at = At<uint32_t>(archive, *end + 16);
  const uint16_t count = At<uint16_t>(archive, *end + 10);
  if (count == 0xFFFF || at == 0xFFFFFFFF) {
    return absl::UnimplementedError("a zip64 archive; save the model as safetensors");
  }
  for (uint16_t i = 0; i < count; ++i) {
    if (at + kCentralBytes > *end || At<uint32_t>(archive, at) != kCentral) {
      return Damaged(at, "the directory is damaged");
    }
    const size_t name = At<uint16_t>(archive, at + 28);
    const size_t rest = size_t{At<uint16_t>(archive, at + 30)} + At<uint16_t>(archive, at + 32);
    if (at + kCentralBytes + name + rest > *end) return Damaged(at, "the directory is damaged");
    absl::StatusOr<ZipMember> member = ReadMember(archive, at);
    if (!member.ok()) return member.status();
    const std::string called(archive.substr(at + kCentralBytes, name));
    if (!members.emplace(called, *member).second) {
      return Damaged(at, "a second member called '" + called + "'");
    }
    at += kCentralBytes + name + rest;
  }
  return members;
}

}  // namespace xp::trainer
