// Durable points per second: reports of many attempts, prepared on two threads as the server's
// streams do, through the group commit with synchronous=FULL. Baseline of the same run: one row per
// point, the same points to a transaction.
#include <benchmark/benchmark.h>

#include <latch>
#include <thread>
#include <vector>

#include "tests/bench/bare_rows.h"
#include "tests/bench/bench_store.h"

namespace xp::bench {
namespace {

constexpr int kAttempts = 16;
constexpr int kThreads = 2;

// Reports [0, rounds) of each attempt; those of one thread are in its own list.
std::vector<std::vector<v1::Report>> MakeReports(const BenchStore& bench, int rounds, int points) {
  std::vector<std::vector<v1::Report>> lists(kThreads);
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < bench.attempts().size(); ++i) {
      lists[i % kThreads].push_back(
          MakeReport(bench.attempts()[i], static_cast<uint64_t>(round), points));
    }
  }
  return lists;
}

// All of them, in flight without a bound but the writer's queue; until the last is durable.
void Ingest(store::Store& store, const std::vector<std::vector<v1::Report>>& lists) {
  std::latch durable(static_cast<ptrdiff_t>(lists[0].size() + lists[1].size()));
  std::vector<std::thread> threads;
  for (const std::vector<v1::Report>& list : lists) {
    threads.emplace_back([&] {
      for (const v1::Report& message : list) {
        const auto report = store::PrepareReport(message);
        Require(report.status());
        store.Enqueue(
            [report = *report](store::WriteContext& context) {
              return context.reports().Report(*report).status();
            },
            [&](const absl::Status& status) {
              Require(status);
              durable.count_down();
            });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  durable.wait();
}

double BareSeconds(int rounds, int points) {
  BareRows rows;
  return MedianSeconds(1, [&] {
    for (int round = 0; round < rounds; ++round) {
      rows.Begin();
      for (int attempt = 0; attempt < kAttempts; ++attempt) {
        for (int metric = 0; metric < kMetrics; ++metric) {
          for (int i = 0; i < points; ++i) {
            rows.Insert(attempt, metric, int64_t{round} * points + i, 0.0001 * i);
          }
        }
      }
      rows.Commit();
    }
  });
}

void BM_Ingest(benchmark::State& state) {
  const auto points = static_cast<int>(state.range(0));
  const int rounds = points == 1 ? 100 : points == 10 ? 50 : 20;
  const double total = double{kMetrics} * kAttempts * points * rounds;
  double seconds = 0;
  for (auto _ : state) {
    BenchStore bench(kAttempts, kAttempts);
    const auto lists = MakeReports(bench, rounds, points);
    const auto begin = std::chrono::steady_clock::now();
    Ingest(bench.store(), lists);
    const double one = SecondsSince(begin);
    state.SetIterationTime(one);
    seconds += one;
  }
  const double bare = BareSeconds(rounds, points);
  const double rate = total * static_cast<double>(state.iterations()) / seconds;
  state.counters["points/s"] = rate;
  state.counters["bare rows/s"] = total / bare;
  state.counters["ratio"] = rate / (total / bare);
}
BENCHMARK(BM_Ingest)
    ->ArgName("points_of_each_metric_a_report")
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xp::bench
