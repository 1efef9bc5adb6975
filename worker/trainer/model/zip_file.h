// The members of a zip archive that are stored, not compressed: what torch.save writes, also in the
// 64-bit form of files over 4 GiB. Reads the central directory; no other kind of zip. Pure
// functions over memory, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace xp::trainer {

struct ZipMember {
  std::string_view bytes;  // within the archive's memory
  uint64_t offset = 0;     // of the bytes
};

// By name. DATA_LOSS with the byte where it is damaged, for members that overlap, and for each
// whose CRC-32 does not fit; INVALID_ARGUMENT for compressed members.
absl::StatusOr<std::map<std::string, ZipMember>> ReadStoredZip(std::string_view archive);

}  // namespace xp::trainer
