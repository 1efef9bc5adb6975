#include "tests/worker/capture/trainer_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace xp::capture {
namespace {

std::string Bar(const std::string& label, int done, int total) {
  const int percent = 100 * done / total;
  const auto filled = static_cast<size_t>(percent / 10);
  std::string bar;
  for (size_t i = 0; i < 10; ++i) bar += i < filled ? "█" : " ";
  return label + std::to_string(percent) + "%|" + bar + "| " + std::to_string(done) + "/" +
         std::to_string(total) + " [00:46<00:46,  4.69it/s, loss=0.6]";
}

std::string Quote(const std::string& value, LogStyle style) {
  return style == LogStyle::kQuotedFloats ? "'" + value + "'" : value;
}

std::string EvaluationDict(const Evaluation& evaluation, size_t epoch, LogStyle style) {
  std::string dict = "{'eval_loss': " + Quote(evaluation.at("loss"), style);
  for (const char* name : {"accuracy", "f1", "precision", "recall"}) {
    dict += ", 'eval_" + std::string(name) + "': " + Quote(evaluation.at(name), style);
  }
  return dict + ", 'eval_runtime': " + Quote("81.4231", style) +
         ", 'eval_samples_per_second': " + Quote("122.815", style) +
         ", 'epoch': " + Quote(std::to_string(epoch) + ".0", style) + "}";
}

}  // namespace

std::vector<PublishedModel> LoadPublishedRuns() {
  std::ifstream file(XP_TEST_FIXTURES "/published_runs.json");
  EXPECT_TRUE(file.good()) << XP_TEST_FIXTURES;
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<PublishedModel> models;
  for (const auto& [run, of_run] : json.at("runs").items()) {
    for (const auto& [model, data] : of_run.items()) {
      PublishedModel published{run, model, {}, data.at("published")};
      for (const auto& [metric, values] : data.at("values").items()) {
        published.evaluations.resize(values.size());
        // dump() prints the shortest text that reads back to the same double, as Python does.
        for (size_t i = 0; i < values.size(); ++i) {
          published.evaluations[i][metric] = values[i].dump();
        }
      }
      models.push_back(std::move(published));
    }
  }
  return models;
}

std::string TrainerLog(const std::vector<Evaluation>& evaluations, LogStyle style, int steps) {
  const std::string blanks = "\r" + std::string(45, ' ') + "\r";
  std::string log = "***** Running training *****\n  Num examples = 25000\n\n";
  for (size_t epoch = 1; epoch <= evaluations.size(); ++epoch) {
    for (int step = 0; step < steps; ++step) log += "\r" + Bar(" ", step, steps);
    log += blanks + "{'loss': " + Quote("0.2931", style) +
           ", 'learning_rate': " + Quote("1.5e-05", style) +
           ", 'epoch': " + Quote(std::to_string(epoch) + ".0", style) + "}\n";
    log += "\r" + Bar(" ", steps, steps) + "***** Running Evaluation *****\n  Batch size = 64\n";
    for (int step = 0; step < steps; ++step) log += "\n\r" + Bar("", step, steps) + "\x1b[A";
    // The nested bar goes away; in every other epoch its last sequence is glued to the brace.
    log += blanks + "\r" + Bar("", steps, steps) + blanks + (epoch % 2 == 0 ? "\x1b[A" : "");
    log += EvaluationDict(evaluations[epoch - 1], epoch, style) + "\n\r" + Bar(" ", steps, steps);
    log += "\n\x1b[A\x1b[A";
  }
  return log + "\r\n***** Eval results *****\n";
}

}  // namespace xp::capture
