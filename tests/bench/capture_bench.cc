// MB/s of capture on the kind of log that training writes: progress bars redrawn with CR, few
// metric lines. Each case is run with the prefilter and, as the baseline, with every regex on every
// line; `ratio` is printed in the same run. Not a test: nothing depends on the numbers.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include "worker/capture/report_cut.h"

namespace xp::capture {
namespace {

std::string MakeLog(size_t bytes) {
  std::string log;
  for (int step = 0; log.size() < bytes; ++step) {
    const std::string number = std::to_string(step);
    log += "\r 50%|#####     | " + number + "/99999 [00:46<00:46,  4.69it/s]";
    if (step % 50 == 0) {
      log += "\r" + std::string(45, ' ') +
             "\r{'loss': 0.6931, 'learning_rate': 5e-05, 'epoch': 0." + number + "}\n";
    }
    if (step % 500 == 0) {
      log +=
          "{'eval_loss': 0.25, 'eval_accuracy': 0.9, 'eval_f1': 0.91, 'eval_precision': 0.92, "
          "'eval_recall': 0.93, 'eval_runtime': 81.4, 'epoch': 1.0}\n";
    }
    if (step % 100 == 0)
      log += "INFO saving model checkpoint to ./output/checkpoint-" + number + "\n";
  }
  return log;
}

std::vector<MetricDefinition> Definitions(int kind) {
  std::vector<MetricDefinition> definitions;
  const std::vector<std::string> article = {"eval_loss", "eval_accuracy", "eval_f1",
                                            "eval_precision", "eval_recall"};
  if (kind == 0) {  // the article's five
    for (const std::string& name : article)
      definitions.push_back({name, "'" + name + "': (.*?),", ""});
  } else if (kind == 1) {  // forty of them, most of which never match
    for (int i = 0; i < 40; ++i) {
      const std::string name =
          article[static_cast<size_t>(i) % 5] + (i < 5 ? "" : std::to_string(i));
      definitions.push_back({name, "'" + name + "': (.*?),", ""});
    }
  } else {  // lazy ones, and one without any literal: tried on each line
    definitions.push_back({"loss", "loss.*?[=:]\\D*?([-+0-9.eE]+)", ""});
    definitions.push_back({"first", "^(\\d+)\\s", ""});
  }
  return definitions;
}

double Seconds(const MetricRules& rules, const std::string& log, Matching matching) {
  const auto begin = std::chrono::steady_clock::now();
  SeriesNames names;
  CutOptions options;
  options.matching = matching;
  LogPosition position;
  uint64_t points = 0;
  while (true) {
    const Report report = CutReport(rules, position, std::string_view(log).substr(position.offset),
                                    ArrivalTimes(), &names, options);
    if (report.to == position) break;
    position = report.to;
    points += report.points.size();
  }
  benchmark::DoNotOptimize(points);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void BM_Capture(benchmark::State& state) {
  const char* const presets[] = {"", "huggingface", "key-value"};
  const std::string log = MakeLog(16 * 1024 * 1024);
  const auto kind = static_cast<int>(state.range(0));
  const auto rules =
      kind < 3 ? CompileMetricRules(Definitions(kind)) : CompileMetricRules({}, presets[kind - 2]);
  double filtered = 0, plain = 0;
  for (auto _ : state) {
    const double seconds = Seconds(**rules, log, Matching::kPrefiltered);
    filtered += seconds;
    plain += Seconds(**rules, log, Matching::kEveryLine);
    state.SetIterationTime(seconds);
  }
  const double megabytes =
      static_cast<double>(log.size()) / 1e6 * static_cast<double>(state.iterations());
  state.counters["MB/s"] = megabytes / filtered;
  state.counters["plain MB/s"] = megabytes / plain;
  state.counters["ratio"] = plain / filtered;
}
BENCHMARK(BM_Capture)
    ->ArgName("0:five_1:forty_2:lazy_3:huggingface_4:key-value")
    ->DenseRange(0, 4)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xp::capture

BENCHMARK_MAIN();
