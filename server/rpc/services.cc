#include "server/rpc/services.h"

#include "server/rpc/known_enums.h"

namespace xp::rpc {

void AddServices(MethodTable* table, const ServerParts& parts) {
  AddExperiments(table, parts);
  AddTrials(table, parts);
  AddWatchTrials(table, parts);
  AddMetrics(table, parts);
  AddCompareTrials(table, parts);
  AddLogs(table, parts);
  AddBlobs(table, parts);
  AddDatasets(table, parts);
  AddArtifacts(table, parts);
  AddWorkers(table, parts);
  AddAdmin(table, parts);
  RefuseUnknownEnums(table);
}

}  // namespace xp::rpc
