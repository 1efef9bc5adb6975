#include "server/store/sqlite/blob_collection.h"

#include <string>
#include <vector>

#include "proto/status.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {
namespace {

constexpr int kLookedAt = 2000;  // rows of a round

#define XP_UNREFERENCED                                                     \
  " NOT EXISTS (SELECT 1 FROM trial_blobs r WHERE r.blob_id = b.id)"        \
  " AND NOT EXISTS (SELECT 1 FROM artifacts r WHERE r.blob_id = b.id)"      \
  " AND NOT EXISTS (SELECT 1 FROM manifest_blobs r WHERE r.blob_id = b.id)" \
  " AND NOT EXISTS (SELECT 1 FROM dataset_versions r WHERE r.manifest_id = b.id)"

struct Candidate {
  int64_t id = 0;
  std::string sha256;
};

absl::StatusOr<std::vector<Candidate>> FindCandidates(const CollectionParts& parts,
                                                      int64_t& cursor) {
  ReadSession session(*parts.pool);
  XP_RETURN_IF_ERROR(session.status());
  Database& db = session.db();
  int64_t last = 0;
  {
    Query query(db, "SELECT max(id) FROM (SELECT id FROM blobs WHERE id > ? ORDER BY id LIMIT ?)",
                cursor, kLookedAt);
    if (query.Next()) last = query.Int(0);
    XP_RETURN_IF_ERROR(query.status());
  }
  std::vector<Candidate> candidates;
  Query query(db,
              "SELECT b.id, b.sha256 FROM blobs b WHERE b.id > ? AND b.id <= ? AND "
              "b.pinned_until < ? AND" XP_UNREFERENCED,
              cursor, last, absl::ToUnixNanos(parts.options->clock->Now()));
  while (query.Next()) candidates.push_back({query.Int(0), query.Text(1)});
  XP_RETURN_IF_ERROR(query.status());
  cursor = last;  // 0 at the end: the next round begins anew
  return candidates;
}

// Looked at again inside the transaction: somebody may have pinned it, or referred to it.
absl::StatusOr<bool> RemoveRow(WriteSession& session, int64_t id) {
  Database& db = session.db();
  {
    Query query(db,
                "SELECT 1 FROM blobs b WHERE b.id = ? AND b.pinned_until < ? AND" XP_UNREFERENCED,
                id, session.now_ns());
    if (!query.Next()) {
      XP_RETURN_IF_ERROR(query.status());
      return false;
    }
  }
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM manifest_blobs WHERE manifest_id = ?", id));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM manifests WHERE blob_id = ?", id));
  XP_RETURN_IF_ERROR(db.Run("DELETE FROM blobs WHERE id = ?", id));
  return true;
}

// The row, then the file.
absl::Status Remove(const CollectionParts& parts, const Candidate& candidate) {
  XP_ASSIGN_OR_RETURN(const bool removed, parts.store->Apply<bool>([&](WriteContext& context) {
    return RemoveRow(SessionOf(context), candidate.id);
  }));
  return removed ? parts.folder->Remove(candidate.sha256) : absl::OkStatus();
}

}  // namespace

absl::Status CollectBlobs(const CollectionParts& parts, const std::function<bool()>& keep_going,
                          int64_t& cursor) {
  XP_ASSIGN_OR_RETURN(const auto candidates, FindCandidates(parts, cursor));
  for (const Candidate& candidate : candidates) {
    if (!keep_going()) return absl::OkStatus();
    // While it is claimed no upload can put a new file in the place of the one that goes.
    const auto claim = parts.claims->Take(candidate.sha256);
    if (claim == nullptr) continue;
    if (!parts.claims->BeginRemoval()) return absl::OkStatus();  // a backup runs
    const absl::Status status = Remove(parts, candidate);
    parts.claims->EndRemoval();
    XP_RETURN_IF_ERROR(status);
  }
  if (cursor != 0) return absl::OkStatus();
  return parts.folder->RemoveStalePartials(parts.options->clock->Now() - parts.options->blob_pin,
                                           *parts.claims);
}

}  // namespace xp::store
