// Removes blobs that nothing refers to and whose pin is over: the row first, then the file. Partial
// uploads that nobody went on with for as long as a pin go too.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>

#include "server/store/blob_claims.h"
#include "server/store/blob_folder.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/store.h"

namespace xp::store {

struct CollectionParts {
  Store* store;
  ReaderPool* pool;
  BlobFolder* folder;
  BlobClaims* claims;
  const StoreOptions* options;
};

// Looks at the next some thousand rows after `cursor`, which it moves (0: from the beginning), as
// long as `keep_going` (asked before each removal) says so.
absl::Status CollectBlobs(const CollectionParts& parts, const std::function<bool()>& keep_going,
                          int64_t& cursor);

}  // namespace xp::store
