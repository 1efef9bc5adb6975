// How fast the store takes reports and answers compare, on a disk in TMPDIR. Figures to look at,
// never a test. Args of Compare: trials, each with 20 metrics.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "proto/status.h"
#include "server/store/attempt_store.h"
#include "server/store/experiment_store.h"
#include "server/store/metric_store.h"
#include "server/store/report_store.h"
#include "server/store/store.h"
#include "server/store/trial_store.h"

namespace xp::store {
namespace {

constexpr int kMetrics = 20;

// A store with `trials` running attempts of one experiment "e".
class Bench {
 public:
  explicit Bench(int trials) {
    std::string pattern = std::filesystem::temp_directory_path() / "xp-bench-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    StoreOptions options;
    options.data_dir = folder_;
    options.clock = &clock_;
    store = *OpenStore(options);
    v1::SubmitExperimentRequest request;
    request.mutable_experiment()->set_name("e");
    for (int i = 0; i < trials; ++i) {
      v1::Trial* trial = request.add_trials();
      trial->set_name("t" + std::to_string(i));
      trial->mutable_spec()->add_command("train");
    }
    store
        ->Apply<v1::SubmitExperimentResponse>(
            [&](WriteContext& context) { return context.experiments().Submit(request); })
        .status()
        .IgnoreError();
    const auto live = store->trials().ListLive();
    store
        ->Apply([&](WriteContext& context) -> absl::Status {
          for (const LiveTrial& trial : *live) {
            XP_ASSIGN_OR_RETURN(const v1::Assignment assignment,
                                context.attempts().Assign({trial.id, "w", {0}, 0, "", ""}));
            attempts.push_back(assignment.attempt());
          }
          return absl::OkStatus();
        })
        .IgnoreError();
  }
  ~Bench() {
    store.reset();
    std::filesystem::remove_all(folder_);
  }

  // `points` of each metric, found in one byte.
  std::shared_ptr<const PreparedReport> Report(const v1::AttemptId& attempt, uint64_t from,
                                               int points) {
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
      for (int i = 0; i < points; ++i) {
        series->mutable_points()->add_values(0.0001 * ((i * 7919) % 10'000));
        series->mutable_points()->add_steps(static_cast<int64_t>(from) * points + i);
        series->mutable_points()->add_times_ms(i * 100);
        series->mutable_points()->add_offsets(from);
      }
    }
    return *PrepareReport(report);
  }

  std::unique_ptr<Store> store;
  std::vector<v1::AttemptId> attempts;

 private:
  SystemClock clock_;
  std::string folder_;
};

void BM_Compare(benchmark::State& state) {
  Bench bench(static_cast<int>(state.range(0)));
  for (const v1::AttemptId& attempt : bench.attempts) {
    const auto report = bench.Report(attempt, 0, 3);
    bench.store->Enqueue(
        [report](WriteContext& context) { return context.reports().Report(*report).status(); }, {});
  }
  bench.store->Apply([](WriteContext&) { return absl::OkStatus(); }).IgnoreError();
  size_t metrics = 0;
  for (auto _ : state) {
    const auto data = bench.store->metrics().Compare({"e"}, v1::ATTEMPT_VIEW_UNSPECIFIED);
    metrics = 0;
    for (const CompareTrialRow& row : data->rows) metrics += row.trial.metrics.size();
  }
  state.counters["cells"] = static_cast<double>(metrics);
}
BENCHMARK(BM_Compare)->Arg(1'000)->Arg(9'000)->Unit(benchmark::kMillisecond);

void BM_Ingest(benchmark::State& state) {
  const int points = static_cast<int>(state.range(0));
  Bench bench(1);
  uint64_t from = 0;
  for (auto _ : state) {
    const auto report = bench.Report(bench.attempts[0], from++, points);
    bench.store
        ->Apply([&](WriteContext& context) { return context.reports().Report(*report).status(); })
        .IgnoreError();
  }
  state.SetItemsProcessed(state.iterations() * points * kMetrics);
}
BENCHMARK(BM_Ingest)->Arg(1)->Arg(100)->Arg(1'000)->UseRealTime();

}  // namespace
}  // namespace xp::store

BENCHMARK_MAIN();
