// Removes what was deleted, in bounded batches. The names were free from the moment of the
// deletion; nothing of it can be read any more.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "server/store/store.h"

namespace xp::store {

// Until nothing is left, or `keep_going` (asked before each batch) says no. Each batch is a change
// of its own.
absl::Status PurgeDeleted(Store& store, const std::function<bool()>& keep_going);

}  // namespace xp::store
