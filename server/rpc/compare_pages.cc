#include "server/rpc/compare_pages.h"

#include <algorithm>
#include <utility>

namespace xp::rpc {

size_t ComparePageRows::ByteSize() const {
  size_t bytes = head.ByteSizeLong();
  for (const std::string& row : rows) bytes += row.size() + sizeof row;
  return bytes;
}

uint64_t ComparePages::Keep(std::shared_ptr<const ComparePageRows> table) {
  const size_t bytes = table->ByteSize();
  MutexLock lock(mutex_);
  const uint64_t id = next_id_++;
  kept_.push_back({id, clock_.Monotonic(), bytes, std::move(table)});
  Tidy();
  return id;
}

std::shared_ptr<const ComparePageRows> ComparePages::Find(uint64_t id) {
  MutexLock lock(mutex_);
  Tidy();
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [id](const Kept& kept) { return kept.id == id; });
  if (found == kept_.end()) return nullptr;
  Kept kept = std::move(*found);
  kept.asked = clock_.Monotonic();
  kept_.erase(found);
  kept_.push_back(kept);
  return kept.table;
}

void ComparePages::Tidy() {
  size_t bytes = 0;
  for (const Kept& kept : kept_) bytes += kept.bytes;
  while (!kept_.empty()) {
    const bool old = clock_.Monotonic() - kept_.front().asked > kKeptFor;
    const bool too_many = kept_.size() > kTablesMax || (bytes > kBytesMax && kept_.size() > 1);
    if (!old && !too_many) return;
    bytes -= kept_.front().bytes;
    kept_.pop_front();
  }
}

}  // namespace xp::rpc
