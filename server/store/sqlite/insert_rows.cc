#include "server/store/sqlite/insert_rows.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/util/message_differencer.h>
#include <openssl/sha.h>

#include "proto/resource_name.h"
#include "proto/status.h"
#include "server/store/attempt_store.h"
#include "server/store/sqlite/manifest_refs.h"
#include "server/store/sqlite/trial_life.h"
#include "server/store/words.h"

namespace xp::store {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

int64_t Milliseconds(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}

// The row of these definitions, made where it is not there.
absl::StatusOr<int64_t> DefinitionSet(Database& db, const v1::TrialSpec& spec) {
  v1::TrialSpec definitions;
  *definitions.mutable_metric_definitions() = spec.metric_definitions();
  definitions.set_metrics_preset(spec.metrics_preset());
  const std::string content = Serialise(definitions);
  XP_RETURN_IF_ERROR(
      db.Run("INSERT OR IGNORE INTO definition_sets (content) VALUES (?)", BlobView{content}));
  Query query(db, "SELECT id FROM definition_sets WHERE content = ?", BlobView{content});
  const int64_t id = query.Next() ? query.Int(0) : 0;
  XP_RETURN_IF_ERROR(query.status());
  return id;
}

}  // namespace

RequestMark MarkRequest(std::string_view method, std::string_view request_id,
                        const google::protobuf::Message& request) {
  if (request_id.empty()) return {};
  return {std::string(request_id),
          Sha256Hex(absl::StrCat(ToAbsl(method), "\n", Serialise(request)))};
}

absl::StatusOr<RequestSeen> FindRequest(Database& db, const RequestMark& mark) {
  if (mark.id.empty()) return RequestSeen::kNew;
  Query query(db,
              "SELECT request_hash FROM experiments WHERE request_id = ?1 AND deleted = 0 "
              "UNION ALL SELECT request_hash FROM trials WHERE request_id = ?1 AND deleted = 0 "
              "LIMIT 1",
              mark.id);
  if (query.Next()) {
    if (query.View(0) == mark.hash) return RequestSeen::kRepeated;
    return absl::AlreadyExistsError(absl::StrCat(
        "request_id: '", mark.id,
        "' was used for a request with other content; use a new one for each new request"));
  }
  XP_RETURN_IF_ERROR(query.status());
  return RequestSeen::kNew;
}

absl::StatusOr<int64_t> InsertExperiment(WriteSession& session, const v1::Experiment& experiment,
                                         std::string_view name, const RequestMark& mark) {
  XP_RETURN_IF_ERROR(session.db().Run(
      "INSERT INTO experiments (uid, name, folded_name, description, rank_by, tags, notes, "
      "create_time, update_time, request_id, request_hash) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      session.NewUid("e-"), name, FoldName(name), experiment.description(), experiment.rank_by(),
      TagsToJson(experiment.tags()), experiment.notes(), session.now_ns(), session.now_ns(),
      mark.stored_id(), mark.hash));
  session.changes().NoteExperiment(ExperimentChange::Kind::kCreated, std::string(name));
  return session.db().last_insert_id();
}

absl::StatusOr<int64_t> InsertTrial(WriteSession& session, int64_t experiment_id,
                                    std::string_view name, const v1::Trial& trial,
                                    const RequestMark& mark) {
  const v1::TrialSpec& spec = trial.spec();
  v1::TrialSpec params;
  *params.mutable_params() = spec.params();
  Database& db = session.db();
  XP_ASSIGN_OR_RETURN(const int64_t order, session.NextQueueOrder());
  XP_ASSIGN_OR_RETURN(const int64_t definitions, DefinitionSet(db, spec));
  XP_RETURN_IF_ERROR(db.Run(
      "INSERT INTO trials (uid, experiment_id, name, folded_name, tags, params, definitions_id, "
      "resources, "
      "retries, timeout_ms, resume, tracked_run, create_time, request_id, request_hash, priority, "
      "state, update_time, queue_order, queued_time) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      session.NewUid("t-"), experiment_id, name, FoldName(name), TagsToJson(trial.tags()),
      BlobView{Serialise(params)}, definitions, BlobView{Serialise(spec.resources())},
      spec.retries(), Milliseconds(spec.timeout()), spec.resume(),
      spec.resources().labels().contains(std::string(kTrackedRunLabel)), session.now_ns(),
      mark.stored_id(), mark.hash, trial.priority(), core::StateName(core::TrialState::kQueued),
      session.now_ns(), order, session.now_ns()));
  const int64_t id = db.last_insert_id();
  XP_RETURN_IF_ERROR(db.Run("INSERT INTO trial_details (trial_id, spec, notes) VALUES (?, ?, ?)",
                            id, BlobView{Serialise(spec)}, trial.notes()));
  XP_RETURN_IF_ERROR(InsertTrialBlobs(session, id, spec));
  XP_RETURN_IF_ERROR(
      db.Run("INSERT INTO events (trial_id, time, attempt, state, message) VALUES (?, ?, 0, ?, ?)",
             id, session.now_ns(), core::StateName(core::TrialState::kQueued), "submitted"));
  session.changes().NoteTrial(id);
  return id;
}

std::string FirstDifference(const v1::TrialSpec& held, const v1::TrialSpec& given) {
  std::string report;
  MessageDifferencer differencer;
  // An absent field and its default mean the same.
  differencer.set_message_field_comparison(MessageDifferencer::EQUIVALENT);
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(held, given)) return "";
  return report.substr(0, std::min(report.find('\n'), size_t{500}));
}

}  // namespace xp::store
