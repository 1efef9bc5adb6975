#include "server/store/sqlite/trial_cursor.h"

#include <limits>

namespace xp::store {
namespace {

// Above every name, which is of [a-z0-9._-].
constexpr const char* kAboveNames = "~";

}  // namespace

TrialCursor::TrialCursor(Database& db, const TrialSearch& search, TrialOrder order,
                         const TrialPosition& after) {
  // Trials of one name are in the order of creation whatever the order asked for.
  const int64_t before = after.id == 0 ? std::numeric_limits<int64_t>::max() : after.id;
  const bool one_name = search.folded_name.has_value();
  if (order == TrialOrder::kCreate || (order == TrialOrder::kName && one_name)) {
    ByCreation(db, search, after.id);
  } else if (order == TrialOrder::kCreateDescending || one_name) {
    ByCreationDescending(db, search, before);
  } else if (order == TrialOrder::kName) {
    ByName(db, search, after);
  } else {
    ByNameDescending(db, search, after);
  }
}

void TrialCursor::ByCreation(Database& db, const TrialSearch& search, int64_t after) {
  if (search.folded_name) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_folded_name WHERE folded_name = ?1 "
                   "AND deleted = 0 AND (?2 = 0 OR experiment_id = ?2) AND id > ?3 AND "
                   "(?4 IS NULL OR state = ?4) ORDER BY id",
                   *search.folded_name, search.experiment, after, search.state);
  } else if (search.experiment != 0 && search.state) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_experiment_state WHERE "
                   "experiment_id = ? AND state = ? AND deleted = 0 AND id > ? ORDER BY id",
                   search.experiment, *search.state, after);
  } else if (search.experiment != 0) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_experiment WHERE experiment_id = ? "
                   "AND deleted = 0 AND id > ? ORDER BY id",
                   search.experiment, after);
  } else if (search.state) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_state WHERE state = ? AND "
                   "deleted = 0 AND id > ? ORDER BY id",
                   *search.state, after);
  } else {
    query_.emplace(db, "SELECT id FROM trials WHERE deleted = 0 AND id > ? ORDER BY id", after);
  }
}

void TrialCursor::ByCreationDescending(Database& db, const TrialSearch& search, int64_t before) {
  if (search.folded_name) {
    query_.emplace(
        db,
        "SELECT id FROM trials INDEXED BY trials_by_folded_name WHERE folded_name = ?1 AND "
        "deleted = 0 AND (?2 = 0 OR experiment_id = ?2) AND id < ?3 AND "
        "(?4 IS NULL OR state = ?4) ORDER BY id DESC",
        *search.folded_name, search.experiment, before, search.state);
  } else if (search.experiment != 0 && search.state) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_experiment_state WHERE "
                   "experiment_id = ? AND state = ? AND deleted = 0 AND id < ? ORDER BY id DESC",
                   search.experiment, *search.state, before);
  } else if (search.experiment != 0) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_experiment WHERE experiment_id = ? "
                   "AND deleted = 0 AND id < ? ORDER BY id DESC",
                   search.experiment, before);
  } else if (search.state) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_state WHERE state = ? AND "
                   "deleted = 0 AND id < ? ORDER BY id DESC",
                   *search.state, before);
  } else {
    query_.emplace(db, "SELECT id FROM trials WHERE deleted = 0 AND id < ? ORDER BY id DESC",
                   before);
  }
}

void TrialCursor::ByName(Database& db, const TrialSearch& search, const TrialPosition& after) {
  if (search.experiment != 0) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_name WHERE experiment_id = ? AND "
                   "deleted = 0 AND folded_name > ? AND (?3 IS NULL OR state = ?3) "
                   "ORDER BY folded_name",
                   search.experiment, after.folded_name, search.state);
  } else {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_folded_name WHERE deleted = 0 AND "
                   "(folded_name, id) > (?1, ?2) AND (?3 IS NULL OR state = ?3) "
                   "ORDER BY folded_name, id",
                   after.folded_name, after.id, search.state);
  }
}

void TrialCursor::ByNameDescending(Database& db, const TrialSearch& search,
                                   const TrialPosition& after) {
  const std::string name = after.id == 0 ? kAboveNames : after.folded_name;
  if (search.experiment != 0) {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_name WHERE experiment_id = ? AND "
                   "deleted = 0 AND folded_name < ? AND (?3 IS NULL OR state = ?3) "
                   "ORDER BY folded_name DESC",
                   search.experiment, name, search.state);
  } else {
    query_.emplace(db,
                   "SELECT id FROM trials INDEXED BY trials_by_folded_name WHERE deleted = 0 AND "
                   "(folded_name, id) < (?1, ?2) AND (?3 IS NULL OR state = ?3) "
                   "ORDER BY folded_name DESC, id DESC",
                   name, after.id, search.state);
  }
}

}  // namespace xp::store
