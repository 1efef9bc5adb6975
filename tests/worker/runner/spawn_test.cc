#include "worker/runner/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "worker/runner/file_io.h"

namespace xp::runner {
namespace {

class SpawnTest : public ::testing::Test {
 protected:
  // What `script` prints, run by sh; `options` says how.
  std::string Output(const std::string& script, SpawnOptions options = {}) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
    const UniqueFd reader(ends[0]);
    {
      const UniqueFd writer(ends[1]);
      options.command = {"sh", "-c", script};
      options.output = writer.get();
      const auto pid = Spawn(options);
      if (!pid.ok()) return std::string(pid.status().message());
      pid_ = *pid;
    }
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(reader.get(), buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(n));
    }
    waitpid(pid_, nullptr, 0);
    return text;
  }

  pid_t pid_ = 0;
};

TEST_F(SpawnTest, ItReadsNothingAndWritesWhereItIsTold) {
  EXPECT_EQ(Output("cat; echo to stdout; echo to stderr >&2"), "to stdout\n");
}

TEST_F(SpawnTest, ItsEnvironmentIsOursOrTheOneGiven) {
  EXPECT_EQ(Output("[ -n \"$PATH\" ] && echo \"[$XP_SPAWN_TEST]\""), "[]\n");
  SpawnOptions options;
  options.environment = {"XP_SPAWN_TEST=given"};
  EXPECT_EQ(Output("echo \"[$XP_SPAWN_TEST]\"", options), "[given]\n");
}

TEST_F(SpawnTest, SignalsThatWeIgnoreOrBlockReachIt) {
  const auto before = signal(SIGTERM, SIG_IGN);
  sigset_t block, old;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &block, &old);
  EXPECT_EQ(Output("kill -TERM $$; echo it was ignored"), "");
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  signal(SIGTERM, before);
}

TEST_F(SpawnTest, ItLeadsAGroupOrASessionWhenItShould) {
  const std::string group_and_session = "cut -d ' ' -f 5,6 /proc/$$/stat";
  const std::string ours = std::to_string(getpgrp()) + " " + std::to_string(getsid(0)) + "\n";
  EXPECT_EQ(Output(group_and_session), ours);
  SpawnOptions options;
  options.group = SpawnOptions::Group::kOwn;
  std::string seen = Output(group_and_session, options);
  EXPECT_EQ(seen, std::to_string(pid_) + " " + std::to_string(getsid(0)) + "\n");
  options.group = SpawnOptions::Group::kOwnSession;
  seen = Output(group_and_session, options);
  EXPECT_EQ(seen, std::to_string(pid_) + " " + std::to_string(pid_) + "\n");
}

TEST_F(SpawnTest, AProgramThatIsNotThereIsNamed) {
  const auto pid = Spawn({.command = {"/no/such/program"}, .environment = {}});
  EXPECT_EQ(pid.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(pid.status().message().find("/no/such/program"), std::string::npos);
}

}  // namespace
}  // namespace xp::runner
