#include "worker/trainer/tokenizer/word_cache.h"

#include <cstring>

namespace xp::trainer {
namespace {
__extension__ typedef unsigned __int128 Wide;
}

// Multiply and fold over eight bytes at a time (after wyhash): words are short, and this is a
// fifth of the time of std::hash.
uint64_t WordCache::Hash(std::string_view word) {
  uint64_t hash = 0x9E3779B97F4A7C15ull ^ word.size();
  const char* p = word.data();
  size_t left = word.size();
  const auto mix = [&hash](uint64_t bytes) {
    const auto wide = static_cast<Wide>(hash ^ bytes) * 0xD6E8FEB86659FD93ull;
    hash = uint64_t(wide) ^ uint64_t(wide >> 64);
  };
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, p, 8);
    mix(bytes);
  }
  if (left > 0) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, p, left);
    mix(bytes + left);
  }
  mix(0xA0761D6478BD642Full);
  return hash;
}

void WordCache::Insert(std::string_view word, uint64_t hash, const uint32_t* ids, size_t count) {
  if (word.empty() || word.size() > kMaxWordBytes || count > kMaxIds) return;
  if (entries_ >= kMaxEntries) {
    slots_.assign(kSlots, Slot{});
    keys_.clear();
    values_.clear();
    entries_ = 0;
  }
  uint64_t at = hash & (kSlots - 1);
  while (slots_[at].key_size != 0) at = (at + 1) & (kSlots - 1);
  slots_[at] = {uint32_t(keys_.size()), uint32_t(values_.size()), uint32_t(hash >> 32),
                uint16_t(word.size()), uint16_t(count)};
  keys_.append(word);
  values_.insert(values_.end(), ids, ids + count);
  ++entries_;
}

}  // namespace xp::trainer
