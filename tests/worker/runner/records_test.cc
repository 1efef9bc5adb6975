// The small files: what goes in comes out, and what is no such file is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/runner/exit_record.h"
#include "worker/runner/oom_counter.h"
#include "worker/runner/process_identity.h"
#include "worker/runner/runner_spec.h"
#include "worker/runner/stop_request.h"

namespace xp::runner {
namespace {

using ::testing::HasSubstr;

RunnerSpec ASpec() { return {.argv = {"python3", "train.py"}, .working_dir = "/work"}; }

TEST(RunnerSpecTest, GoesThroughJsonUnchangedEvenWhenNotUtf8) {
  RunnerSpec spec = ASpec();
  spec.argv.push_back("caf\xe9 \"quoted\"\n");
  spec.env = {"A=1", "B=\xff"};
  spec.time_limit = absl::Milliseconds(1500);
  spec.grace = absl::Seconds(7);
  auto back = SpecFromJson(SpecToJson(spec));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->argv, spec.argv);
  EXPECT_EQ(back->env, spec.env);
  EXPECT_EQ(back->working_dir, spec.working_dir);
  EXPECT_EQ(back->time_limit, spec.time_limit);
  EXPECT_EQ(back->grace, spec.grace);
}

TEST(RunnerSpecTest, WithoutALimitThereIsNone) {
  auto back = SpecFromJson(SpecToJson(ASpec()));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->time_limit, absl::InfiniteDuration());
}

TEST(RunnerSpecTest, WhatCouldNotRunIsRefused) {
  RunnerSpec spec = ASpec();
  spec.argv.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckSpec(spec)));
  spec = ASpec();
  spec.working_dir = "relative";
  EXPECT_TRUE(absl::IsInvalidArgument(CheckSpec(spec)));
  spec = ASpec();
  spec.env.push_back(std::string("A=\0b", 4));
  EXPECT_THAT(std::string(CheckSpec(spec).message()), HasSubstr("env[0]"));
}

TEST(RunnerSpecTest, ANewerVersionIsToldFromRubbish) {
  EXPECT_TRUE(absl::IsFailedPrecondition(SpecFromJson(R"({"version": 2})").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SpecFromJson("[]").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SpecFromJson(R"({"version": 1, "argv": "x"})").status()));
}

TEST(ExitRecordTest, GoesThroughJsonUnchanged) {
  const ExitRecord record{.reason = EndReason::kOutOfMemory,
                          .exit_code = 137,
                          .stop_cause = StopCause::kTimeLimit,
                          .stop_reason = "USER",
                          .message = "caf\xe9",
                          .start_time_ms = 1,
                          .end_time_ms = 2,
                          .run_time_ms = 3,
                          .log_bytes = 4,
                          .oom_kills = 5,
                          .log_truncations = 6,
                          .descendants_ended = 7,
                          .descendants_left = 8};
  auto back = ExitRecordFromJson(ExitRecordToJson(record));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ExitRecordToJson(*back), ExitRecordToJson(record));
  EXPECT_EQ(back->descendants_left, 8);
  EXPECT_EQ(back->message, "caf\xe9");
}

TEST(ExitRecordTest, AnUnknownReasonIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      ExitRecordFromJson(R"({"version": 1, "reason": "MOON", "stop_cause": "NONE"})").status()));
}

TEST(StopRequestTest, GoesThroughJsonUnchanged) {
  auto back = StopRequestFromJson(StopRequestToJson({absl::Milliseconds(1234), "USER"}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->grace, absl::Milliseconds(1234));
  EXPECT_EQ(back->reason, "USER");
}

TEST(ProcessStatTest, ANameMayHoldAnything) {
  auto stat = ParseProcessStat(
      "42 (a) b (c) S 7 8 9 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 123456 99 1 "
      "18446744073709551615");
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->pid, 42);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->group, 8);
  EXPECT_EQ(stat->start_ticks, 123456);
}

TEST(ProcessStatTest, ShortOrOddLinesAreRefused) {
  for (const char* text : {"", "1", "1 (x)", "1 (x) S 1 2", "1 )x( S 1 2 3"}) {
    EXPECT_FALSE(ParseProcessStat(text).ok()) << text;
  }
}

TEST(OomCounterTest, TheFileIsFoundInBothVersionsOfControlGroups) {
  EXPECT_EQ(OomCounterFile("0::/user.slice/xp.service\n", "/cg"),
            "/cg/user.slice/xp.service/memory.events");
  EXPECT_EQ(OomCounterFile("9:name=systemd:/\n4:memory:/a:b\n0::/\n", "/cg"),
            "/cg/memory/a:b/memory.oom_control");
  EXPECT_EQ(OomCounterFile("", "/cg"), "");
}

TEST(OomCounterTest, TheCounterIsReadByItsWholeName) {
  EXPECT_EQ(ParseOomKills("oom 5\noom_kill 3\noom_group_kill 1\n"), 3);
  EXPECT_EQ(ParseOomKills("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"), 2);
  EXPECT_EQ(ParseOomKills("low 0\n"), std::nullopt);
}

}  // namespace
}  // namespace xp::runner
