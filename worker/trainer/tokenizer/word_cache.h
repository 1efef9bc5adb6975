// The ids of words seen before. English text repeats itself: with this the models run for about
// one word in a hundred. Bounded; when full it begins anew. One per thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

class WordCache {
 public:
  WordCache() : slots_(kSlots) {}

  static uint64_t Hash(std::string_view word);

  // Appends the word's ids and returns true, or returns false when it is not known.
  bool Find(std::string_view word, uint64_t hash, std::vector<uint32_t>& ids) const {
    for (uint64_t at = hash & (kSlots - 1);; at = (at + 1) & (kSlots - 1)) {
      const Slot& slot = slots_[at];
      if (slot.key_size == 0) return false;
      if (slot.hash == uint32_t(hash >> 32) &&
          std::string_view(keys_.data() + slot.key, slot.key_size) == word) {
        ids.insert(ids.end(), values_.begin() + slot.value,
                   values_.begin() + slot.value + slot.value_size);
        return true;
      }
    }
  }

  // Words longer than kMaxWordBytes and empty ones are not kept.
  void Insert(std::string_view word, uint64_t hash, const uint32_t* ids, size_t count);

 private:
  static constexpr uint64_t kSlots = 1 << 17;          // 2.6 MiB a thread
  static constexpr uint64_t kMaxEntries = kSlots / 2;  // keeps probes short
  static constexpr size_t kMaxWordBytes = 64;
  static constexpr size_t kMaxIds = 64;

  struct Slot {
    uint32_t key = 0, value = 0;  // offsets into keys_ and values_
    uint32_t hash = 0;            // upper half
    uint16_t key_size = 0;        // 0: free
    uint16_t value_size = 0;
  };

  std::vector<Slot> slots_;
  std::string keys_;
  std::vector<uint32_t> values_;
  uint64_t entries_ = 0;
};

}  // namespace xp::trainer
