// Removes what was deleted, in bounded batches. The names were free from the moment of the
// deletion; nothing of it can be read any more.
#pragma once

#include <absl/status/status.h>

#include "server/store/store.h"

namespace xp::store {

// Until nothing is left. Each batch is a change of its own.
absl::Status PurgeDeleted(Store& store);

}  // namespace xp::store
