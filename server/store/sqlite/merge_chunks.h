// Many small rows into few large ones: of points and of log bytes. What is read before and after is
// the same, byte for byte; summaries are not touched. Each merge is a change of its own.
//
// Two tiers, so that a row is rewritten about twice in its life and a reader meets at most some
// hundred small ones: runs of 64 rows below 64 points (16 KiB) become one; runs of 64 below 4,096
// points (256 KiB) become as few as possible. Of an ended attempt all neighbours are put together.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "server/core/ids.h"
#include "server/store/sqlite/reader_pool.h"
#include "server/store/store.h"

namespace xp::store {

// RESOURCE_EXHAUSTED: the disk is below its reserve; later.
absl::Status MergeAttemptChunks(Store& store, ReaderPool& pool, core::AttemptKey key);

// Attempts with small rows enough to look at: after a start, when nothing is known.
absl::StatusOr<std::vector<core::AttemptKey>> FindUntidyAttempts(ReaderPool& pool);

}  // namespace xp::store
