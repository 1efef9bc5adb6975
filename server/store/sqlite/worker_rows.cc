#include "server/store/sqlite/worker_rows.h"

#include <utility>
#include <vector>

#include "proto/status.h"
#include "server/core/page_token.h"
#include "server/store/attempt_store.h"
#include "server/store/sqlite/nearest_name.h"
#include "server/store/sqlite/page_budget.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

#define XP_WORKER_COLUMNS \
  "name, drained, drain_reason, first_seen_time, last_seen_time, details FROM workers "

absl::StatusOr<v1::Worker> ReadRow(const Query& query) {
  v1::Worker worker;
  const std::string_view details = query.View(5);
  if (!worker.ParseFromArray(details.data(), static_cast<int>(details.size()))) {
    return absl::DataLossError(absl::StrCat("worker ", query.Text(0), " cannot be read"));
  }
  worker.set_name(query.Text(0));
  worker.set_drained(query.Bool(1));
  worker.set_drain_reason(query.Text(2));
  *worker.mutable_first_seen_time() = ToTimestamp(query.Int(3));
  *worker.mutable_last_seen_time() = ToTimestamp(query.Int(4));
  return worker;
}

absl::StatusOr<v1::Worker> Find(Database& db, std::string_view name) {
  {
    Query query(db, "SELECT " XP_WORKER_COLUMNS "WHERE name = ?", name);
    if (query.Next()) return ReadRow(query);
    XP_RETURN_IF_ERROR(query.status());
  }
  std::vector<std::string> names;
  Query query(db, "SELECT name FROM workers ORDER BY name LIMIT 10000");
  while (query.Next()) names.push_back(query.Text(0));
  XP_RETURN_IF_ERROR(query.status());
  return absl::NotFoundError(absl::StrCat("no worker ", ToAbsl(name), " was ever seen",
                                          DescribeNearest(name, names, "xpctl workers")));
}

}  // namespace

absl::StatusOr<v1::Worker> SqliteWorkerWrites::Seen(const v1::Hello& hello) {
  v1::Worker details;
  *details.mutable_slots() = hello.slots();
  *details.mutable_labels() = hello.labels();
  details.set_host(hello.host());
  details.set_version(hello.version());
  XP_RETURN_IF_ERROR(session_.db().Run(
      "INSERT INTO workers (name, first_seen_time, last_seen_time, details) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (name) DO UPDATE SET last_seen_time = excluded.last_seen_time, "
      "details = excluded.details",
      hello.worker(), session_.now_ns(), session_.now_ns(), BlobView{Serialise(details)}));
  return Find(session_.db(), hello.worker());
}

absl::Status SqliteWorkerWrites::Left(std::string_view worker, absl::Time last_heard) {
  XP_ASSIGN_OR_RETURN(const v1::Worker stored, Find(session_.db(), worker));
  if (stored.labels().contains(std::string(kTrackedRunLabel))) {
    XP_RETURN_IF_ERROR(session_.db().Run(
        "DELETE FROM workers WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM trials "
        "WHERE deleted = 0 AND state NOT IN ('COMPLETED', 'FAILED', 'STOPPED') AND worker = ?1)",
        worker));
  }
  return session_.db().Run("UPDATE workers SET last_seen_time = ? WHERE name = ?",
                           absl::ToUnixNanos(last_heard), worker);
}

absl::StatusOr<v1::Worker> SqliteWorkerWrites::Drain(std::string_view worker,
                                                     std::string_view reason) {
  XP_RETURN_IF_ERROR(Find(session_.db(), worker).status());
  XP_RETURN_IF_ERROR(session_.db().Run(
      "UPDATE workers SET drained = 1, drain_reason = ? WHERE name = ?", reason, worker));
  session_.changes().NoteWorker({std::string(worker), true, std::string(reason)});
  return Find(session_.db(), worker);
}

absl::StatusOr<v1::Worker> SqliteWorkerWrites::Undrain(std::string_view worker) {
  XP_RETURN_IF_ERROR(Find(session_.db(), worker).status());
  XP_RETURN_IF_ERROR(session_.db().Run(
      "UPDATE workers SET drained = 0, drain_reason = '' WHERE name = ?", worker));
  session_.changes().NoteWorker({std::string(worker), false, ""});
  return Find(session_.db(), worker);
}

absl::StatusOr<v1::Worker> SqliteWorkerReads::Get(std::string_view worker) {
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  return Find(session.db(), worker);
}

absl::StatusOr<v1::ListWorkersResponse> SqliteWorkerReads::List(
    const v1::ListWorkersRequest& request) {
  const core::RequestFingerprint fingerprint("ListWorkers");
  XP_ASSIGN_OR_RETURN(const int page_size, core::CheckPageSize(request.page_size()));
  XP_ASSIGN_OR_RETURN(const std::string after,
                      core::ReadPageToken(request.page_token(), fingerprint));
  ReadSession session(pool_);
  XP_RETURN_IF_ERROR(session.status());
  v1::ListWorkersResponse response;
  PageBudget page(page_size);
  Query query(session.db(), "SELECT " XP_WORKER_COLUMNS "WHERE name > ? ORDER BY name LIMIT ?",
              after, page_size + 1);
  while (query.Next()) {
    XP_ASSIGN_OR_RETURN(v1::Worker worker, ReadRow(query));
    if (!page.Take(worker)) {
      response.set_next_page_token(
          core::MakePageToken(response.workers().rbegin()->name(), fingerprint));
      break;
    }
    *response.add_workers() = std::move(worker);
  }
  XP_RETURN_IF_ERROR(query.status());
  return response;
}

}  // namespace xp::store
