// The ids of trials in the order of a list, one by one, out of the index that fits what is asked: a
// page costs what it shows, not what there is. One exception: a state by name reads on over trials
// of other states.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>

#include "server/store/sqlite/database.h"

namespace xp::store {

// What an index can tell. All of it holds of each trial that comes.
struct TrialSearch {
  int64_t experiment = 0;            // id; 0: of all experiments; one that is not there: of none
  std::optional<std::string> state;  // as stored
  std::optional<std::string> folded_name;
};

// Of equal names the one submitted first comes first (last when turned round).
enum class TrialOrder { kCreate, kCreateDescending, kName, kNameDescending };

// The trial after which the list goes on. Id 0: from the beginning.
struct TrialPosition {
  std::string folded_name;
  int64_t id = 0;
};

// Not thread safe. Ends before its Database.
class TrialCursor {
 public:
  TrialCursor(Database& db, const TrialSearch& search, TrialOrder order,
              const TrialPosition& after);

  // The next trial; false at the end and on an error, which status() tells.
  bool Next() { return query_->Next(); }
  int64_t id() const { return query_->Int(0); }
  const absl::Status& status() const { return query_->status(); }

 private:
  void ByName(Database& db, const TrialSearch& search, const TrialPosition& after);
  void ByNameDescending(Database& db, const TrialSearch& search, const TrialPosition& after);
  void ByCreation(Database& db, const TrialSearch& search, int64_t after);
  void ByCreationDescending(Database& db, const TrialSearch& search, int64_t before);

  std::optional<Query> query_;
};

}  // namespace xp::store
