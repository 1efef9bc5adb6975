#include "tests/server/store/store_kit.h"

#include <cstdlib>
#include <filesystem>

#include "proto/status.h"
#include "server/store/blob_hash.h"
#include "server/store/sqlite/sqlite_write_context.h"

namespace xp::store {

TempFolder::TempFolder() {
  std::string pattern = testing::TempDir() + "xp-store-XXXXXX";
  path_ = mkdtemp(pattern.data());
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

v1::TrialSpec MakeSpec(std::string_view command) {
  v1::TrialSpec spec;
  spec.add_command(std::string(command));
  v1::MetricDefinition* loss = spec.add_metric_definitions();
  loss->set_name("loss");
  loss->set_regex("loss=(\\S+)");
  return spec;
}

v1::AttemptId Attempt(std::string_view uid, int32_t number) {
  v1::AttemptId id;
  id.set_trial_uid(std::string(uid));
  id.set_number(number);
  return id;
}

std::string Sha256(std::string_view bytes) {
  BlobHash hash;
  hash.Add(bytes);
  return hash.Finish();
}

v1::SeriesPoints MakeSeries(std::string_view metric, const std::vector<TestPoint>& points) {
  v1::SeriesPoints series;
  series.set_metric(std::string(metric));
  for (const TestPoint& point : points) {
    series.mutable_points()->add_values(point.value);
    series.mutable_points()->add_steps(point.step);
    series.mutable_points()->add_times_ms(1'700'000'000'000 + point.step);
    series.mutable_points()->add_offsets(point.offset);
  }
  return series;
}

StoreKit::StoreKit(StoreOptions::Place place) {
  options.data_dir = folder.path() + "/data";
  options.place = place;
  options.clock = &clock;
  options.disk_space = &disk;
  options.readers = 2;
  Reopen();
}

StoreKit::~StoreKit() = default;

StoreOptions StoreKit::Options() { return options; }

absl::Status StoreKit::LimitPages(int pages) {
  return Do([&](WriteContext& context) {
    const std::string pragma = "PRAGMA max_page_count = " + std::to_string(pages);
    return SessionOf(context).db().RunScript(pragma.c_str());
  });
}

void StoreKit::Reopen() {
  store_.reset();
  auto store = OpenStore(options);
  if (!store.ok()) {
    ADD_FAILURE() << store.status();
    std::abort();  // nothing below has a store to work on
  }
  store_ = *std::move(store);
}

std::vector<std::string> StoreKit::Submit(const std::string& experiment,
                                          const std::vector<std::string>& trials) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name(experiment);
  for (const std::string& name : trials) {
    v1::Trial* trial = request.add_trials();
    trial->set_name(name);
    *trial->mutable_spec() = MakeSpec();
  }
  EXPECT_OK(Do<v1::SubmitExperimentResponse>(
      [&](WriteContext& context) { return context.experiments().Submit(request); }));
  std::vector<std::string> uids;
  for (const std::string& name : trials) uids.push_back(Get(experiment + "/" + name).uid());
  return uids;
}

v1::AttemptId StoreKit::Run(const std::string& uid, const std::string& worker) {
  const auto live = store_->trials().ListLive();
  EXPECT_OK(live);
  core::TrialId trial;
  for (const LiveTrial& one : *live) {
    if (one.trial.uid() == uid) trial = one.id;
  }
  auto attempt = Do<v1::AttemptId>([&](WriteContext& context) -> absl::StatusOr<v1::AttemptId> {
    XP_ASSIGN_OR_RETURN(const v1::Assignment assignment,
                        context.attempts().Assign({trial, worker, {0}, 0, "", ""}));
    v1::Started started;
    *started.mutable_attempt() = assignment.attempt();
    started.mutable_time()->set_seconds(absl::ToUnixSeconds(context.now()));
    XP_RETURN_IF_ERROR(context.attempts().Started(started));
    return assignment.attempt();
  });
  EXPECT_OK(attempt);
  return attempt.ok() ? *attempt : v1::AttemptId();
}

absl::StatusOr<ReportAnswer> StoreKit::Report(const v1::Report& report) {
  XP_ASSIGN_OR_RETURN(const auto prepared, PrepareReport(report));
  return Do<ReportAnswer>(
      [&](WriteContext& context) { return context.reports().Report(*prepared); });
}

absl::StatusOr<ReportAnswer> StoreKit::ReportLog(const v1::AttemptId& attempt, uint64_t from,
                                                 std::string_view bytes,
                                                 const std::vector<v1::SeriesPoints>& series) {
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_from(from);
  report.set_to(from + bytes.size());
  report.set_data(std::string(bytes));
  report.add_time_offsets(from);
  report.add_times_ms(absl::ToUnixMillis(clock.Now()));
  for (const v1::SeriesPoints& one : series) *report.add_series() = one;
  return Report(report);
}

absl::StatusOr<EndProgress> StoreKit::Exit(const v1::AttemptId& attempt, int exit_code,
                                           uint64_t log_end) {
  v1::Exited message;
  *message.mutable_attempt() = attempt;
  message.set_exit_code(exit_code);
  message.mutable_run_time()->set_seconds(60);
  v1::SourceOffset* end = message.add_ends();
  end->set_source(v1::SOURCE_KIND_LOG);
  end->set_offset(log_end);
  return Do<EndProgress>([&](WriteContext& context) { return context.attempts().Exited(message); });
}

absl::StatusOr<EndProgress> StoreKit::Finish(const v1::AttemptId& attempt) {
  v1::Finished message;
  *message.mutable_attempt() = attempt;
  return Do<EndProgress>(
      [&](WriteContext& context) { return context.attempts().Finished(message); });
}

absl::Status StoreKit::Upload(std::string_view bytes) {
  v1::UploadBlobsRequest::Header header;
  header.set_sha256(Sha256(bytes));
  header.set_size(bytes.size());
  XP_ASSIGN_OR_RETURN(auto upload, store_->blobs().Upload(header));
  XP_RETURN_IF_ERROR(upload->Append(bytes));
  return upload->Finish();
}

v1::Trial StoreKit::Get(const std::string& name) {
  auto trial = store_->trials().Get(name);
  EXPECT_OK(trial);
  return trial.ok() ? *trial : v1::Trial();
}

CompareTrialRow StoreKit::Row(const std::string& experiment, const std::string& trial) {
  auto data = store_->metrics().Compare({experiment}, v1::ATTEMPT_VIEW_UNSPECIFIED);
  EXPECT_OK(data);
  if (data.ok()) {
    for (CompareTrialRow& row : data->rows) {
      if (row.trial.name == trial) return std::move(row);
    }
  }
  ADD_FAILURE() << "no row of " << trial;
  return {};
}

core::MetricSummary SummaryOf(const CompareTrialRow& row, std::string_view metric) {
  for (const auto& [name, summary] : row.trial.metrics) {
    if (name == metric) return summary;
  }
  ADD_FAILURE() << "no metric " << metric;
  return {};
}

}  // namespace xp::store
