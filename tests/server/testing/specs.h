// Small valid requests, to be bent by the tests that need them otherwise.
#pragma once

#include <string>
#include <vector>

#include "xp/v1/experiments.pb.h"
#include "xp/v1/workers.pb.h"

namespace xp::testing {

inline v1::Trial MakeTrial(const std::string& name) {
  v1::Trial trial;
  trial.set_name(name);
  trial.mutable_spec()->add_command("train");
  v1::MetricDefinition* loss = trial.mutable_spec()->add_metric_definitions();
  loss->set_name("loss");
  loss->set_regex("loss=([0-9.]+)");
  return trial;
}

inline v1::SubmitExperimentRequest MakeSubmit(const std::string& experiment,
                                              const std::vector<std::string>& trials) {
  v1::SubmitExperimentRequest request;
  request.mutable_experiment()->set_name(experiment);
  for (const std::string& trial : trials) *request.add_trials() = MakeTrial(trial);
  return request;
}

inline v1::Hello MakeHello(const std::string& worker, int cpu_slots) {
  v1::Hello hello;
  hello.set_worker(worker);
  hello.set_instance_id("instance");
  hello.set_host("host");
  for (int i = 0; i < cpu_slots; ++i) {
    v1::Slot* slot = hello.add_slots();
    slot->set_index(i);
    slot->set_kind(v1::SLOT_KIND_CPU);
  }
  return hello;
}

// The bytes of `text` from `from` on, with one point of `metric` per value, all at the first byte.
inline v1::Report MakeReport(const v1::AttemptId& attempt, uint64_t from, const std::string& text,
                             const std::string& metric = "",
                             const std::vector<double>& values = {}) {
  constexpr int64_t kArrival = 1'700'000'000'000;
  v1::Report report;
  *report.mutable_attempt() = attempt;
  report.set_source(v1::SOURCE_KIND_LOG);
  report.set_from(from);
  report.set_to(from + text.size());
  report.set_data(text);
  report.add_time_offsets(from);
  report.add_times_ms(kArrival);
  report.set_lines(1);
  if (values.empty()) return report;
  v1::SeriesPoints* series = report.add_series();
  series->set_metric(metric);
  for (const double value : values) {
    series->mutable_points()->add_values(value);
    series->mutable_points()->add_times_ms(kArrival);
    series->mutable_points()->add_offsets(from);
  }
  return report;
}

inline v1::Exited MakeExited(const v1::AttemptId& attempt, int exit_code, uint64_t log_end) {
  v1::Exited exited;
  *exited.mutable_attempt() = attempt;
  exited.set_exit_code(exit_code);
  exited.mutable_run_time()->set_seconds(60);
  v1::SourceOffset* end = exited.add_ends();
  end->set_source(v1::SOURCE_KIND_LOG);
  end->set_offset(log_end);
  return exited;
}

inline v1::Finished MakeFinished(const v1::AttemptId& attempt, uint64_t log_end) {
  v1::Finished finished;
  *finished.mutable_attempt() = attempt;
  v1::SourceOffset* end = finished.add_ends();
  end->set_source(v1::SOURCE_KIND_LOG);
  end->set_offset(log_end);
  return finished;
}

}  // namespace xp::testing
