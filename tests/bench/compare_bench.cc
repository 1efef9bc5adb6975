// The compare table out of summaries: read by the store and made by the core. Baseline of the same
// run: the same statistics read off all points, of which each series has ten (training logs have
// hundreds; then the baseline alone grows).
#include <benchmark/benchmark.h>

#include <vector>

#include "server/core/trial_compare.h"
#include "server/store/metric_store.h"
#include "tests/bench/bare_rows.h"
#include "tests/bench/bench_store.h"

namespace xp::bench {
namespace {

constexpr int kPoints = 10;

size_t Compare(store::Store& store) {
  auto data = store.metrics().Compare({"e"}, v1::ATTEMPT_VIEW_UNSPECIFIED);
  Require(data.status());
  core::CompareOptions options;
  options.goals = data->goals;
  std::vector<core::CompareTrial> trials;
  for (store::CompareTrialRow& row : data->rows) trials.push_back(std::move(row.trial));
  const auto table = core::CompareTrials(trials, options);
  Require(table.status());
  return table->rows.size() * table->columns.size();
}

double BareSeconds(int trials) {
  BareRows rows;
  rows.Begin();
  for (int trial = 0; trial < trials; ++trial) {
    for (int metric = 0; metric < kMetrics; ++metric) {
      for (int i = 0; i < kPoints; ++i) rows.Insert(trial, metric, i, 0.0001 * i);
    }
  }
  rows.Commit();
  return MedianSeconds(3, [&] { benchmark::DoNotOptimize(rows.CompareFromPoints()); });
}

void BM_Compare(benchmark::State& state) {
  const auto trials = static_cast<int>(state.range(0));
  BenchStore bench(trials, trials);
  bench.ReportToAll(kPoints);
  size_t cells = 0;
  for (auto _ : state) cells = Compare(bench.store());
  const double own = MedianSeconds(5, [&] { benchmark::DoNotOptimize(Compare(bench.store())); });
  state.counters["cells"] = static_cast<double>(cells);
  state.counters["from points ms"] = BareSeconds(trials) * 1e3;
  state.counters["ratio"] = state.counters["from points ms"] / (own * 1e3);
}
BENCHMARK(BM_Compare)->ArgName("trials")->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xp::bench
