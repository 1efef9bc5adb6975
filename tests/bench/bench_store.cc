#include "tests/bench/bench_store.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "proto/status.h"
#include "server/store/attempt_store.h"
#include "server/store/experiment_store.h"
#include "server/store/trial_store.h"

namespace xp::bench {
namespace {

constexpr int kTrialsPerSubmit = 5'000;

void SubmitTrials(store::Store& store, int begin, int end) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name("e");
  for (int i = begin; i < end; ++i) {
    v1::Trial* trial = request.add_trials();
    trial->set_name("t" + std::to_string(i));
    trial->mutable_spec()->add_command("train");
    for (const char* key : {"learning_rate", "model_name"}) {
      v1::Param* param = trial->mutable_spec()->add_params();
      param->set_key(key);
      param->set_text(std::to_string(i));
    }
  }
  Require(store
              .Apply<v1::SubmitExperimentResponse>([&](store::WriteContext& context) {
                return context.experiments().Submit(request);
              })
              .status());
}

std::vector<v1::AttemptId> Assign(store::Store& store, size_t running) {
  std::vector<v1::AttemptId> attempts;
  if (running == 0) return attempts;
  const auto live = store.trials().ListLive();
  Require(live.status());
  Require(store.Apply([&](store::WriteContext& context) -> absl::Status {
    for (size_t i = 0; i < std::min(running, live->size()); ++i) {
      XP_ASSIGN_OR_RETURN(const v1::Assignment assignment,
                          context.attempts().Assign({(*live)[i].id, "w", {0}, 0, "", ""}));
      attempts.push_back(assignment.attempt());
    }
    return absl::OkStatus();
  }));
  return attempts;
}

}  // namespace

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "benchmark: " << status << '\n';
  std::exit(1);
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double MedianSeconds(int runs, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    seconds.push_back(SecondsSince(begin));
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

v1::Report MakeReport(const v1::AttemptId& attempt, uint64_t from, int points) {
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_from(from);
  report.set_to(from + 1);
  report.set_data("x");
  report.add_time_offsets(from);
  report.add_times_ms(1);
  for (int metric = 0; metric < kMetrics; ++metric) {
    v1::SeriesPoints* series = report.add_series();
    series->set_metric("metric:" + std::to_string(metric));
    v1::Points* columns = series->mutable_points();
    for (int i = 0; i < points; ++i) {
      const auto step = static_cast<int64_t>(from) * points + i;
      columns->add_values(0.0001 * static_cast<double>((step * 7919) % 10'000));
      columns->add_steps(step);
      columns->add_times_ms(1'700'000'000'000 + step * 100);
      columns->add_offsets(from);
    }
  }
  return report;
}

BenchFolder::BenchFolder() {
  path_ = std::filesystem::temp_directory_path() / "xp-bench-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) Require(absl::UnavailableError("no folder in TMPDIR"));
}

BenchFolder::~BenchFolder() { std::filesystem::remove_all(path_); }

BenchStore::BenchStore(int trials, int running) {
  store::StoreOptions options;
  options.data_dir = folder_.path();
  options.clock = &clock_;
  auto store = store::OpenStore(std::move(options));
  Require(store.status());
  store_ = *std::move(store);
  for (int begin = 0; begin < trials; begin += kTrialsPerSubmit) {
    SubmitTrials(*store_, begin, std::min(trials, begin + kTrialsPerSubmit));
  }
  attempts_ = Assign(*store_, static_cast<size_t>(running));
}

BenchStore::~BenchStore() = default;

void BenchStore::ReportToAll(int points) {
  for (const v1::AttemptId& attempt : attempts_) {
    const auto report = store::PrepareReport(MakeReport(attempt, 0, points));
    Require(report.status());
    store_->Enqueue(
        [report = *report](store::WriteContext& context) {
          return context.reports().Report(*report).status();
        },
        Require);
  }
  Require(store_->Apply([](store::WriteContext&) { return absl::OkStatus(); }));
}

}  // namespace xp::bench
