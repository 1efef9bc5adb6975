#include "server/store/sqlite/write_session.h"

#include <absl/strings/str_format.h>

#include <algorithm>

#include "proto/status.h"

namespace xp::store {

void WriteSession::Begin(absl::Time now) {
  now_ = now;
  now_ns_ = absl::ToUnixNanos(now);
  reserve_.reset();
  changes_.Clear();
}

absl::Status WriteSession::CheckReserve() {
  if (!reserve_) {
    const absl::StatusOr<uint64_t> free = disk_.FreeBytes();
    if (!free.ok()) {
      reserve_ = free.status();
    } else if (*free < options_.disk_reserve_bytes) {
      reserve_ = absl::ResourceExhaustedError(absl::StrFormat(
          "the server's disk has %d MiB left, its reserve is %d MiB: make room there; what is sent "
          "again after that is taken",
          *free >> 20, options_.disk_reserve_bytes >> 20));
    } else {
      reserve_ = absl::OkStatus();
    }
  }
  return *reserve_;
}

std::string WriteSession::NewUid(std::string_view prefix) {
  return absl::StrFormat("%s%016x", std::string(prefix), options_.random());
}

absl::StatusOr<int64_t> WriteSession::NextQueueOrder() {
  if (queue_order_ == 0) {
    Query query(db_, "SELECT coalesce(max(queue_order), 0) FROM trials");
    if (query.Next()) queue_order_ = query.Int(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  return ++queue_order_;
}

}  // namespace xp::store
