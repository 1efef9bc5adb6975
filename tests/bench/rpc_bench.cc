// CompareTrials as its caller sees it, but for the network: the handler, the messages, their bytes,
// all pages. Baseline of the same run: the store and the core alone.
#include <benchmark/benchmark.h>

#include <string>

#include "server/fleet/change_feed.h"
#include "server/fleet/fleet.h"
#include "server/rpc/method_table.h"
#include "server/rpc/services.h"
#include "server/store/metric_store.h"
#include "tests/bench/bench_store.h"

namespace xp::bench {
namespace {

class NoCaller final : public rpc::CallContext {
 public:
  bool IsCancelled() const override { return false; }
  std::string_view peer() const override { return "benchmark"; }
};

// The methods over a store, without ports.
class BenchServer {
 public:
  explicit BenchServer(BenchStore& bench)
      : fleet_(bench.store(), bench.clock(), fleet::FleetSettings()),
        parts_{bench.store(), fleet_, feed_, bench.clock(), nullptr, nullptr, bench.clock().Now()} {
    rpc::AddCompareTrials(&table_, parts_);
  }

  // Bytes of all pages of the comparison of "e".
  size_t Compare(int page_size) {
    const rpc::UnaryMethod* method = table_.FindUnary("/xp.v1.Metrics/CompareTrials");
    NoCaller caller;
    v1::CompareTrialsRequest request;
    request.add_experiments("e");
    request.set_page_size(page_size);
    size_t bytes = 0;
    do {
      v1::CompareTrialsResponse response;
      Require(method->call(caller, request, &response));
      bytes += response.SerializeAsString().size();
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return bytes;
  }

 private:
  fleet::Fleet fleet_;
  fleet::ChangeFeed feed_;
  rpc::ServerParts parts_;
  rpc::MethodTable table_;
};

void BM_CompareRpc(benchmark::State& state) {
  constexpr int kPoints = 10;
  const auto trials = static_cast<int>(state.range(0));
  BenchStore bench(trials, trials);
  bench.ReportToAll(kPoints);
  BenchServer server(bench);
  size_t bytes = 0;
  for (auto _ : state) bytes = server.Compare(1000);
  const double whole = MedianSeconds(5, [&] { benchmark::DoNotOptimize(server.Compare(1000)); });
  const double store = MedianSeconds(5, [&] {
    benchmark::DoNotOptimize(bench.store().metrics().Compare({"e"}, v1::ATTEMPT_VIEW_UNSPECIFIED));
  });
  state.counters["KiB"] = static_cast<double>(bytes) / 1024;
  state.counters["store ms"] = store * 1e3;
  state.counters["ratio"] = whole / store;
}
BENCHMARK(BM_CompareRpc)->ArgName("trials")->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xp::bench

BENCHMARK_MAIN();
