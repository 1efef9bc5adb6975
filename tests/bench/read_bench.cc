// A chart of a long series, and the first page of a long list. Baselines of the same run: the chart
// by SQL over one row per point; the list with a filter that no index can serve.
#include <benchmark/benchmark.h>

#include <string>

#include "server/store/admin_store.h"
#include "server/store/metric_store.h"
#include "server/store/trial_store.h"
#include "tests/bench/bare_rows.h"
#include "tests/bench/bench_store.h"

namespace xp::bench {
namespace {

constexpr int64_t kPoints = 1'000'000;
constexpr int kBuckets = 1'000;

// One series of kPoints, tidied as the background does.
void FillSeries(BenchStore& bench) {
  constexpr int kPerReport = 10'000;
  for (uint64_t from = 0; from < kPoints / kPerReport; ++from) {
    v1::Report report = MakeReport(bench.attempts()[0], from, kPerReport);
    while (report.series_size() > 1) report.mutable_series()->RemoveLast();
    const auto prepared = store::PrepareReport(report);
    Require(prepared.status());
    Require(bench.store().Apply([&](store::WriteContext& context) {
      return context.reports().Report(**prepared).status();
    }));
  }
  Require(bench.store().RunMaintenance());
}

double BareChartSeconds() {
  BareRows rows;
  rows.Begin();
  for (int64_t i = 0; i < kPoints; ++i) rows.Insert(0, 0, i, 0.0001 * static_cast<double>(i % 997));
  rows.Commit();
  return MedianSeconds(
      3, [&] { benchmark::DoNotOptimize(rows.ChartFromPoints(0, 0, kPoints, kBuckets)); });
}

void BM_Chart(benchmark::State& state) {
  BenchStore bench(1, 1);
  FillSeries(bench);
  v1::GetHistoryRequest request;
  request.set_name("e/t0");
  request.set_max_points(2 * kBuckets + 2);
  if (state.range(0) != 0) {  // the middle tenth
    request.set_axis_min(kPoints * 45 / 100);
    request.set_axis_max(kPoints * 55 / 100);
  }
  int points = 0;
  const auto chart = [&] {
    const auto history = bench.store().metrics().GetHistory(request);
    Require(history.status());
    points = history->series(0).points().values_size();
  };
  for (auto _ : state) chart();
  state.counters["points"] = points;
  if (state.range(0) != 0) return;
  const double own = MedianSeconds(5, chart);
  state.counters["rows ms"] = BareChartSeconds() * 1e3;
  state.counters["ratio"] = state.counters["rows ms"] / (own * 1e3);
}
BENCHMARK(BM_Chart)->ArgName("zoomed")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// 100,000 trials, made once.
BenchStore& LargeStore() {
  static BenchStore* const bench = new BenchStore(100'000, 100);
  return *bench;
}

// Seconds of a list whose filter no index serves: the baseline.
double ScanSeconds() {
  v1::ListTrialsRequest request;
  request.set_filter("params.learning_rate = none");
  return MedianSeconds(1, [&] { Require(LargeStore().store().trials().List(request).status()); });
}

struct ListCase {
  const char* name;
  const char* filter;
  const char* order;
};
constexpr ListCase kLists[] = {
    {"all", "", ""},
    {"newest", "", "-create_time"},
    {"by_name", "", "name"},
    {"state", "state = ASSIGNED", ""},
    {"none_in_state", "state = FAILED", ""},
    {"one_name", "name = t99999", ""},
    {"experiment", "experiment = e AND state = QUEUED", ""},
};

void BM_List(benchmark::State& state) {
  store::Store& store = LargeStore().store();
  const ListCase& one = kLists[state.range(0)];
  v1::ListTrialsRequest request;
  request.set_filter(one.filter);
  request.set_order_by(one.order);
  const auto list = [&] {
    const auto page = store.trials().List(request);
    Require(page.status());
    benchmark::DoNotOptimize(page->trials_size());
  };
  for (auto _ : state) list();
  const double own = MedianSeconds(5, list);
  static const double scan = ScanSeconds();
  state.counters["scan ms"] = scan * 1e3;
  state.counters["ratio"] = scan / own;
  state.SetLabel(one.name);
}
BENCHMARK(BM_List)->DenseRange(0, std::size(kLists) - 1)->Unit(benchmark::kMillisecond);

// What a scrape of /metrics asks of the store.
void BM_Stats(benchmark::State& state) {
  store::Store& store = LargeStore().store();
  const auto count = [&] { Require(store.admin().GetStats().status()); };
  for (auto _ : state) count();
  const double own = MedianSeconds(5, count);
  state.counters["scan ms"] = ScanSeconds() * 1e3;
  state.counters["ratio"] = state.counters["scan ms"] / (own * 1e3);
}
BENCHMARK(BM_Stats)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xp::bench

BENCHMARK_MAIN();
