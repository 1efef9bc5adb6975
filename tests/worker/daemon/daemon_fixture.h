// A daemon in this process against a FakeServer, with real runners and real programs.
#pragma once

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "client/cpp/channel.h"
#include "tests/worker/daemon/fake_server.h"
#include "tests/worker/daemon/steered_clock.h"
#include "worker/daemon/daemon.h"

namespace xp::daemon {

class DaemonFixture : public ::testing::Test {
 protected:
  DaemonFixture() : work_(MakeFolder()) { server_.Start(); }
  ~DaemonFixture() override {
    StopDaemon();
    server_.Stop();
    EndRuns();
    std::filesystem::remove_all(work_.root());
  }

  static std::string MakeFolder() {
    std::string path = ::testing::TempDir() + "xp_daemon_XXXXXX";
    return mkdtemp(path.data());
  }

  // `adopt`: see DaemonOptions.
  void StartDaemon(WhenIdle when_idle = WhenIdle::kWait, const std::string& adopt = "") {
    auto address = client::ParseAddress(server_.address());
    channel_client_ = std::make_unique<client::Client>(client::MakeChannel(*address));
    v1::Slot slot;
    slot.set_kind(v1::SLOT_KIND_CPU);
    DaemonOptions options{.name = "worker-1",
                          .instance_id = "instance",
                          .host = "host",
                          .when_idle = when_idle,
                          .adopt = adopt,
                          .runner_binary = XP_RUNNER_BINARY,
                          .since_boot = [this] { return runner::SinceBoot() + clock_.added(); },
                          .machine = {.server = server_.address(),
                                      .slots = {slot},
                                      .inherited = {{"PATH", "/usr/bin:/bin"}},
                                      .cpus = 2,
                                      .default_grace = absl::Seconds(30)},
                          .session = {.backoff = {.initial = absl::Milliseconds(10),
                                                  .maximum = absl::Milliseconds(50)},
                                      .server = server_.address()}};
    daemon_ = std::make_unique<Daemon>(work_, *channel_client_, clock_, options);
    ASSERT_TRUE(daemon_->Start().ok());
  }
  void StopDaemon() {
    daemon_.reset();
    channel_client_.reset();
  }
  // What a daemon's tests leave running.
  void EndRuns() {
    auto records = LoadAttempts(work_);
    if (!records.ok()) return;
    for (const AttemptRecord& record : *records) {
      auto state = runner::Probe(record.paths.Runner());
      if (!state.ok()) continue;
      if (state->phase == runner::RunnerPhase::kOrphaned) (void)runner::KillOrphan(*state);
      if (state->phase != runner::RunnerPhase::kRunning) continue;
      (void)runner::RequestStop(record.paths.Runner(), absl::ZeroDuration(), "test ends");
      (void)runner::WaitForExit(record.paths.Runner(), {.timeout = absl::Seconds(10)});
    }
  }

  static v1::TrialSpec Shell(const std::string& script) {
    v1::TrialSpec spec;
    for (const std::string& word : {std::string("sh"), std::string("-c"), script}) {
      spec.add_command(word);
    }
    spec.set_append_params(false);
    return spec;
  }
  static void AddMetric(const std::string& name, const std::string& regex, v1::TrialSpec* spec) {
    v1::MetricDefinition& metric = *spec->add_metric_definitions();
    metric.set_name(name);
    metric.set_regex(regex);
  }

  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(5));  // lint: sleeps, because processes tell no condition
    }
    return true;
  }
  // The attempt as it was confirmed, or a failed test.
  FakeAttempt WaitForEnd(const std::string& key) {
    EXPECT_TRUE(Eventually([&] { return server_.Get(key).confirmed; }))
        << server_.Get(key).log.substr(0, 1000);
    return server_.Get(key);
  }
  AttemptPaths PathsOf(const std::string& key) {
    return AttemptPaths(work_.Attempts() + "/" + key);
  }
  bool LogHolds(const std::string& key, const std::string& text) {
    return server_.Get(key).log.find(text) != std::string::npos;
  }
  // The attempt has told the server what it is doing, in such words.
  bool WasSaid(const std::string& key, const std::string& words) {
    const std::vector<std::string> states = server_.Get(key).states;
    return std::any_of(states.begin(), states.end(), [&](const std::string& state) {
      return state.find(words) != std::string::npos;
    });
  }
  static std::string FileText(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // Creates a file that a script waits for.
  static void Touch(const std::string& path) { std::ofstream(path) << "x"; }

  const WorkPaths work_;
  SteeredClock clock_;
  FakeServer server_;
  std::unique_ptr<client::Client> channel_client_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace xp::daemon
