#include "server/backfill/backfill.h"

#include <absl/strings/str_cat.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "server/backfill/definitions.h"
#include "server/backfill/log_extract.h"
#include "server/store/log_store.h"

namespace xp::backfill {
namespace {

// The store's log as the walk wants it.
ReadPiece ReaderOf(store::LogReads& logs, const store::BackfillPlan& plan) {
  return [&logs, &plan](uint64_t offset) -> absl::StatusOr<StoredPiece> {
    XP_ASSIGN_OR_RETURN(store::LogPiece piece,
                        logs.ReadPiece(plan.trial_uid, plan.attempt, v1::SOURCE_KIND_LOG, offset));
    StoredPiece stored{piece.offset, std::move(piece.bytes), {}};
    for (const auto& [begin, time_ms] : piece.times) stored.times.push_back({begin, time_ms});
    return stored;
  };
}

// The zone of the program's own times. By name, so that each time gets the offset of its day; the
// offset at the start where this machine does not have the zone.
absl::TimeZone ZoneOf(const store::BackfillPlan& plan) {
  absl::TimeZone zone;
  if (!plan.time_zone.empty() && absl::LoadTimeZone(plan.time_zone, &zone)) return zone;
  return absl::FixedTimeZone(plan.utc_offset_s);
}

using Response = v1::BackfillMetricsResponse;

Response ResponseFor(const store::BackfillPlan& plan, Response::Outcome outcome,
                     std::string message) {
  Response response;
  response.set_name(plan.name);
  response.set_attempt(plan.attempt);
  response.set_outcome(outcome);
  response.set_message(std::move(message));
  return response;
}

}  // namespace

absl::Status Backfill::Run(const v1::BackfillMetricsRequest& request, const Send& send) {
  XP_ASSIGN_OR_RETURN(
      const std::vector<store::BackfillPlan> plans,
      store_.Apply<std::vector<store::BackfillPlan>>(
          [&](store::WriteContext& context) { return context.backfills().Plan(request); }));
  int done = 0;
  for (const store::BackfillPlan& plan : plans) {
    XP_ASSIGN_OR_RETURN(Response response, Extract(plan));
    response.set_attempts_done(++done);
    response.set_attempts_total(static_cast<int32_t>(plans.size()));
    if (!send(response)) return absl::CancelledError("the caller is gone");
  }
  return absl::OkStatus();
}

absl::StatusOr<Response> Backfill::Extract(const store::BackfillPlan& plan) {
  using Readiness = store::BackfillPlan::Readiness;
  switch (plan.readiness) {
    case Readiness::kUnchanged:
      return ResponseFor(plan, Response::UNCHANGED, "these definitions were applied before");
    case Readiness::kWaitsForEnd:
      return ResponseFor(plan, Response::WAITS_FOR_END, "applied when the attempt has ended");
    case Readiness::kNoLog:
      return ResponseFor(plan, Response::NOTHING_STORED, "nothing is stored of its log");
    case Readiness::kReady:
      break;
  }
  MutexLock lock(extracting_);
  XP_ASSIGN_OR_RETURN(const int64_t build, store_.Apply<int64_t>([&](store::WriteContext& context) {
    return context.backfills().Begin(plan);
  }));
  absl::StatusOr<Response> response = Build(plan, build);
  if (response.ok()) return response;
  const absl::Status abandoned = store_.Apply(
      [&](store::WriteContext& context) { return context.backfills().Abandon(build); });
  if (!abandoned.ok()) spdlog::warn("backfill of {}: {}", plan.name, FormatStatus(abandoned));
  return Annotate(response.status(), plan.name);
}

absl::StatusOr<Response> Backfill::Build(const store::BackfillPlan& plan, int64_t build) {
  const google::protobuf::RepeatedPtrField<v1::MetricDefinition> definitions(
      plan.definitions.begin(), plan.definitions.end());
  XP_ASSIGN_OR_RETURN(const auto rules, CompileDefinitions("definitions", "metrics_preset",
                                                           definitions, plan.metrics_preset));
  // Rules stand in the order of the definitions, the preset's behind them.
  const auto revision_of = [&](size_t rule) {
    return rule < plan.definitions.size() ? plan.definitions[rule].revision() : 1;
  };
  const auto take = [&](const std::vector<SeriesBatch>& batches) {
    return store_.Apply([&](store::WriteContext& context) -> absl::Status {
      for (const SeriesBatch& batch : batches) {
        XP_RETURN_IF_ERROR(
            context.backfills().Append(build, batch.metric, revision_of(batch.rule), batch.points));
      }
      return absl::OkStatus();
    });
  };
  XP_ASSIGN_OR_RETURN(const Extracted extracted, ExtractLog(*rules, ReaderOf(store_.logs(), plan),
                                                            take, {.zone = ZoneOf(plan)}));
  Response response = ResponseFor(plan, Response::STORED, "");
  std::vector<v1::DefinitionReceipt> receipts;
  for (size_t rule = 0; rule < rules->size(); ++rule) {
    receipts.push_back(MakeReceipt(rules->label(rule), extracted.counters[rule]));
    receipts.back().set_revision(revision_of(rule));
    *response.add_definitions() = receipts.back();
  }
  XP_RETURN_IF_ERROR(store_.Apply(
      [&](store::WriteContext& context) { return context.backfills().Finish(build, receipts); }));
  if (extracted.bytes_not_kept > 0) {
    response.set_outcome(Response::LOG_INCOMPLETE);
    response.set_message(absl::StrCat(extracted.bytes_not_kept,
                                      " bytes in the middle of the log were not kept and could "
                                      "not be searched"));
  }
  return response;
}

void Backfill::RunPending() {
  const auto pending = store_.backfills().ListPending();
  if (!pending.ok()) {
    spdlog::error("pending backfills: {}", FormatStatus(pending.status()));
    return;
  }
  for (const store::BackfillPlan& plan : *pending) {
    const auto response = Extract(plan);
    if (response.ok()) {
      spdlog::info("metrics of {} were extracted after its end", plan.name);
    } else {
      spdlog::error("metrics of {} after its end: {}", plan.name, FormatStatus(response.status()));
    }
  }
}

void Backfill::Start() {
  store_.AddListener(this);
  thread_ = std::thread([this] { Loop(); });
}

void Backfill::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  store_.RemoveListener(this);
}

void Backfill::Loop() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!woken_ && !stopping_) wake_.Wait(mutex_);
      if (stopping_) return;
      woken_ = false;
    }
    RunPending();
  }
}

void Backfill::OnCommit(const store::CommittedChanges& changes) {
  // An attempt ends for a backfill when its end is stored, when another takes its place, or when
  // its trial ends without it. What a change shows is the state after the whole group, in which the
  // new attempt may be further than ASSIGNED; so every later attempt's change is a reason to look.
  const bool ended = std::any_of(
      changes.trials.begin(), changes.trials.end(), [](const store::TrialChange& change) {
        return core::IsEnded(change.trial->state) || change.trial->trial.attempt() > 1;
      });
  if (changes.confirmations.empty() && !ended) return;
  MutexLock lock(mutex_);
  woken_ = true;
  wake_.NotifyAll();
}

}  // namespace xp::backfill
