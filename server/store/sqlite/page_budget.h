// How much goes into one page of a list: so many entries, and as few bytes as keep the answer under
// the message target; at least one entry, however large.
// Not thread safe.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstddef>

#include "proto/limits.h"

namespace xp::store {

class PageBudget {
 public:
  explicit PageBudget(int entries) : entries_(static_cast<size_t>(entries)) {}

  // Counts the entry in. False: it begins the next page.
  bool Take(const google::protobuf::MessageLite& entry) {
    constexpr size_t kBytes = limits::kMessageTargetBytes / 8 * 7;  // the rest is tokens and heads
    const size_t size = entry.ByteSizeLong();
    if (taken_ == entries_ || (taken_ > 0 && bytes_ + size > kBytes)) return false;
    ++taken_;
    bytes_ += size;
    return true;
  }

 private:
  const size_t entries_;
  size_t taken_ = 0;
  size_t bytes_ = 0;
};

}  // namespace xp::store
