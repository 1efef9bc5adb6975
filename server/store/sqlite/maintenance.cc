#include "server/store/sqlite/maintenance.h"

namespace xp::store {

void Maintenance::Start() {}
void Maintenance::Stop() {}
absl::Status Maintenance::RunRound() { return absl::OkStatus(); }
void Maintenance::OnCommit(const CommittedChanges&) {}

}  // namespace xp::store
