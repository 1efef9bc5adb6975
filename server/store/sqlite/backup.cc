#include "server/store/sqlite/sqlite_admin.h"

namespace xp::store {

absl::Status SqliteAdmin::BackUp(const BackUpSink&) { return absl::UnimplementedError("backup"); }

}  // namespace xp::store
