// An attempt's folder with a real xprunner in it: start commands, wait for what happens to them.
// Nothing sleeps for a fixed time; everything waits for a condition with a deadline.
#pragma once

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "worker/runner/file_io.h"
#include "worker/runner/runner_control.h"

namespace xp::runner {

class RunnerFixture : public ::testing::Test {
 protected:
  RunnerFixture() : folder_(MakeFolder()) {}
  ~RunnerFixture() override {
    auto state = Probe(folder_);
    if (state.ok() && state->phase == RunnerPhase::kRunning) {
      (void)RequestStop(folder_, absl::ZeroDuration(), "test ends");
      (void)WaitForExit(folder_, {.timeout = absl::Seconds(10)});
    }
    if (state.ok() && state->phase == RunnerPhase::kOrphaned) (void)KillOrphan(*state);
    std::filesystem::remove_all(folder_.path());
  }

  static std::string MakeFolder() {
    std::string path = ::testing::TempDir() + "xp_runner_XXXXXX";
    return mkdtemp(path.data());
  }

  RunnerSpec Command(std::vector<std::string> argv) {
    return {.argv = std::move(argv),
            .env = {"PATH=/usr/bin:/bin", "GREETING=hello"},
            .working_dir = folder_.path(),
            .grace = absl::Seconds(30),
            .descendant_grace = absl::Milliseconds(100)};
  }
  RunnerSpec Shell(const std::string& script) { return Command({"sh", "-c", script}); }

  absl::Status Start(const RunnerSpec& spec) {
    return StartRunner(XP_RUNNER_BINARY, folder_, spec);
  }

  // The record, or a failed test.
  ExitRecord WaitForEnd() {
    auto state = WaitForExit(
        folder_, {.timeout = absl::Seconds(60), .poll_interval = absl::Milliseconds(5)});
    EXPECT_TRUE(state.ok()) << state.status();
    if (!state.ok() || !state->exit.has_value()) {
      ADD_FAILURE() << "the run ended without a record";
      return {};
    }
    return *state->exit;
  }
  ExitRecord Run(const RunnerSpec& spec) {
    const absl::Status status = Start(spec);
    EXPECT_TRUE(status.ok()) << status;
    return status.ok() ? WaitForEnd() : ExitRecord{};
  }

  // Waits until `condition` holds; false after 20 s.
  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(2));  // lint: sleeps, because files tell nobody
    }
    return true;
  }

  RunnerPhase Phase() {
    auto state = Probe(folder_);
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? state->phase : RunnerPhase::kNotStarted;
  }

  std::string File(const std::string& name) {
    std::ifstream in(folder_.path() + "/" + name, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    return content.str();
  }
  std::string Log() { return File("log"); }
  bool LogHolds(const std::string& text) { return Log().find(text) != std::string::npos; }

  const AttemptFolder folder_;
};

}  // namespace xp::runner
