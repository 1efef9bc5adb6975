// Which series an attempt has, so that it never has more than limits::kSeriesPerAttemptMax.
//
// Restart-proof: names come in source order and only ever join, so reading a stretch again admits
// the same ones. A worker that restarts begins with the names that the server gives it, or with
// none: the server keeps the limit too, inside the transaction, and has the last word.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "proto/limits.h"

namespace xp::capture {

class SeriesNames {
 public:
  explicit SeriesNames(size_t limit = limits::kSeriesPerAttemptMax) : limit_(limit) {}

  // True if the name is known or there was room to add it.
  bool Admit(std::string_view name);

  size_t size() const { return names_.size(); }

 private:
  const size_t limit_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace xp::capture
