#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/client/xpctl/xpctl_fixture.h"

namespace xp::xpctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CompareTest : public XpctlTest {
 protected:
  // The published run of 7 July (facts/sagemaker.md section 4): average and last disagree.
  CompareTest() {
    v1::CompareColumn& column = *metrics_.table.add_columns();
    column.set_metric("test:f1");
    column.set_goal(v1::GOAL_MAXIMIZE);
    column.add_best("e/distilbert");
    v1::CompareRow bert = Row("distilbert", "COMPLETED");
    AddCell(&bert, 0.925829, 0.9344, 2);
    bert.mutable_cells(0)->set_best(true);
    v1::CompareRow roberta = Row("distilroberta", "COMPLETED");
    AddCell(&roberta, 0.923982, 0.9430, 2);
    v1::CompareRow failed = Row("broken", "FAILED");
    failed.set_reason("EXIT");
    failed.set_why_empty("it failed (EXIT) before it printed a number");
    failed.add_cells();
    for (const auto& row : {bert, roberta, failed}) *metrics_.table.add_rows() = row;
    metrics_.table.add_notes("test:f1: average and last disagree on the best");
    metrics_.table.set_total_rows(3);
  }
};

TEST_F(CompareTest, TheTableRanksMarksAndHidesNobody) {
  const Result result = Run("compare e");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out,
            "trial          state          count   test:f1\n"
            "distilbert     COMPLETED          2  0.925829*\n"
            "distilroberta  COMPLETED          2  0.923982\n"
            "broken         FAILED (EXIT)                -\n"
            "broken: it failed (EXIT) before it printed a number\n"
            "test:f1: average and last disagree on the best\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(metrics_.asked.stat(), "avg");
}

TEST_F(CompareTest, SeveralStatisticsAreMarkedEach) {
  const Result result = Run("compare e --stat avg,last -s count");
  EXPECT_THAT(result.out, HasSubstr("test:f1 avg"));
  EXPECT_THAT(result.out, HasSubstr("0.943*"));
  EXPECT_THAT(result.out, HasSubstr("0.925829*"));
  EXPECT_THAT(Run("compare e --stat median").err, HasSubstr("there are avg, last, min"));
}

TEST_F(CompareTest, ParametersThatDifferAreShownWhenAskedFor) {
  const auto add = [&](int row, const char* name, const char* value) {
    v1::NameValue& param = *metrics_.table.mutable_rows(row)->add_params();
    param.set_name(name);
    param.set_value(value);
  };
  for (const int row : {0, 1, 2}) add(row, "epochs", "2");
  add(0, "lr", "5e-5");
  add(1, "lr", "3e-5");
  EXPECT_THAT(Run("compare e --params").out,
              StartsWith("trial          state          count  lr     test:f1\n"
                         "distilbert     COMPLETED          2  5e-5  0.925829*\n"
                         "distilroberta  COMPLETED          2  3e-5  0.9239"));
  EXPECT_THAT(Run("compare e --params -o csv").out, HasSubstr("worker,lr,test:f1 avg"));
  EXPECT_THAT(Run("compare e").out, Not(HasSubstr("5e-5")));
}

TEST_F(CompareTest, GlobalOptionsStandBeforeOrAfterTheCommand) {
  const Result before = Run("--output json compare e");
  const Result after = Run("compare e --output json");
  EXPECT_EQ(before.out, after.out);
  const auto json = nlohmann::json::parse(after.out);
  EXPECT_EQ(json["rows"].size(), 3u);
  EXPECT_EQ(json["rows"][0]["metrics"]["test:f1"]["avg"], 0.925829);
  EXPECT_EQ(json["rows"][2]["why_empty"], "it failed (EXIT) before it printed a number");
  environment_.clear();
  EXPECT_EQ(Run("compare e --server " + server_.address()).code, 0);
  EXPECT_EQ(Run("--server " + server_.address() + " compare e").code, 0);
}

TEST_F(CompareTest, CsvHasDataAloneOnStdout) {
  const Result result = Run("compare e -o csv");
  EXPECT_THAT(result.out, HasSubstr("name,state,reason,attempt,worker,test:f1 avg,test:f1 count,"));
  EXPECT_THAT(result.out, HasSubstr("e/distilbert,COMPLETED,,,,0.925829,2,\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("disagree")));
  EXPECT_THAT(result.err, HasSubstr("disagree"));
}

TEST_F(CompareTest, OptionsReachTheServer) {
  Run("compare e f --metric a --metric b --lower x --higher y --group-by seed --sort -a "
      "--all-attempts --filter",
      {"state = COMPLETED"});
  EXPECT_EQ(metrics_.asked.experiments_size(), 2);
  EXPECT_EQ(metrics_.asked.metrics_size(), 2);
  EXPECT_EQ(metrics_.asked.lower_is_better(0), "x");
  EXPECT_EQ(metrics_.asked.higher_is_better(0), "y");
  EXPECT_EQ(metrics_.asked.group_by(), "seed");
  EXPECT_EQ(metrics_.asked.order_by(), "-a");
  EXPECT_EQ(metrics_.asked.filter(), "state = COMPLETED");
  EXPECT_EQ(metrics_.asked.attempts(), v1::ATTEMPT_VIEW_ALL);
}

TEST_F(CompareTest, ToWatchIsToBeToldNotToAsk) {
  trials_.streams = {{{v1::WatchTrialsResponse()}, {grpc::StatusCode::UNAVAILABLE, "restarting"}},
                     {{v1::WatchTrialsResponse(), v1::WatchTrialsResponse()}}};
  const Result result = Run("compare e --watch");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(trials_.watched.growth() && trials_.watched.until_ended());
  EXPECT_TRUE(trials_.streams.empty()) << "through a restart of the server, to the end";
  const std::string once = Run("compare e").out;
  EXPECT_EQ(result.out, once) << "what reads the same is not printed again";
}

TEST_F(CompareTest, WatchingWhatIsNotThereEnds) {
  trials_.streams = {{{}, {grpc::StatusCode::NOT_FOUND, "no experiment e; is it f?"}}};
  const Result result = Run("compare e --watch");
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("is it f?"));
}

TEST_F(CompareTest, AnExperimentMayBeCalledLikeACommand) {
  EXPECT_EQ(Run("compare watch").code, 0);
  EXPECT_EQ(metrics_.asked.experiments(0), "watch");
}

TEST_F(XpctlTest, UsageErrorsAreTwo) {
  EXPECT_EQ(Run("").code, 2);
  EXPECT_EQ(Run("bogus").code, 2);
  EXPECT_THAT(Run("-o json comapre e").err,
              HasSubstr("there is no command \"comapre\"; did you mean compare?"));
  EXPECT_THAT(Run("").err, HasSubstr("a command is missing; there are submit, run"));
  EXPECT_THAT(Run("data psuh d").err,
              HasSubstr("xpctl: data: there is no command \"psuh\"; did you mean push?"));
  EXPECT_THAT(Run("metrics").err, HasSubstr("a command is missing; there are test, backfill"));
  EXPECT_THAT(Run("compare e --stta avg").err,
              HasSubstr("compare: unknown option --stta; did you mean --stat?"));
  EXPECT_THAT(Run("compare e --outptu=json").err, HasSubstr("did you mean --output?"));
  EXPECT_THAT(Run("show e/t more").err, HasSubstr("\"more\" is one word too many"));
  EXPECT_THAT(Run("show").err, HasSubstr("xpctl: show: E/T is required  (xpctl show --help)"));
  EXPECT_EQ(Run("compare").code, 2);
  EXPECT_EQ(Run("compare e --output xml").code, 2);
  EXPECT_EQ(Run("--help").code, 0);
  EXPECT_THAT(Run("--help").out, HasSubstr("Exit codes"));
  EXPECT_EQ(Run("submit --help").code, 0);
  EXPECT_THAT(Run("--version").out, HasSubstr("xpctl "));
  environment_["XP_SERVER"] = "http://x:1";
  EXPECT_EQ(Run("compare e").code, 2);
}

TEST_F(XpctlTest, AServerThatLacksAServiceIsDoubted) {
  EXPECT_THAT(Run("workers").err, HasSubstr("; is this server an xpserver, and as new as xpctl"));
}

TEST_F(XpctlTest, WhatIsNotSaidIsInTheEnvironmentOrInTheConfigFile) {
  const std::string file =
      folder_.Write("xp/xpctl.conf", "# mine\noutput = json\nserver = \"unix:/nowhere/xp.sock\"\n");
  environment_["XDG_CONFIG_HOME"] = folder_.path();
  EXPECT_EQ(Run("compare e").out.front(), '{');
  environment_["XP_OUTPUT"] = "csv";
  EXPECT_THAT(Run("compare e").out, HasSubstr("name,state"));
  EXPECT_THAT(Run("compare e -o markdown").out, HasSubstr("| trial |"));
  environment_.erase("XP_SERVER");
  EXPECT_THAT(Run("compare e").err, HasSubstr("/nowhere/xp.sock (from " + file));
  environment_["XP_OUTPUT"] = "xml";
  const Result result = Run("compare e");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("$XP_OUTPUT: \"xml\" is no format"));
}

TEST_F(XpctlTest, AConfigFileThatIsWrongOrNotThereIsSaid) {
  Result result = Run("compare e --config " + folder_.Write("c", "sevrer = x\n"));
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("/c: \"sevrer\" is no setting; there are server and output"));
  result = Run("compare e --config " + (folder_ / "none"));
  EXPECT_EQ(result.code, 4);
  EXPECT_THAT(result.err, HasSubstr("the config file cannot be read"));
}

TEST_F(XpctlTest, NoServerIsThree) {
  environment_["XP_SERVER"] = "unix:" + (folder_ / "none.sock");
  const Result result = Run("compare e");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("from $XP_SERVER"));
  EXPECT_THAT(result.err, HasSubstr("xpserver --data-dir"));
}

TEST_F(XpctlTest, OneOfSeveralThatIsNotThereDoesNotKeepTheOthers) {
  const Result result = Run("stop e/gone e/a");
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(trials_.stopped.size(), 2u);
  EXPECT_THAT(result.out, HasSubstr("e/a"));
  EXPECT_THAT(result.err, HasSubstr("no trial e/gone"));
}

TEST_F(XpctlTest, CsvIsForProgramsTimesSizesAndDurationsToo) {
  EXPECT_EQ(Run("stop e/a -o csv").out,
            "trial,state,attempt,worker,duration,message\n"
            "e/a,STOPPING,,,61.250,\n");
  EXPECT_THAT(Run("stop e/a").out, HasSubstr("1m 01s"));
}

TEST_F(XpctlTest, CompletionKnowsEveryCommandAndItsOptions) {
  const std::string bash = Run("completion bash").out;
  EXPECT_THAT(bash, HasSubstr("\"data push\") words=\"--help --help-all --name --description"));
  EXPECT_THAT(bash, HasSubstr("\"compare\") words=\"--help --help-all --metric --stat"));
  const std::string fish = Run("completion fish").out;
  EXPECT_THAT(fish, HasSubstr("-n '__fish_seen_subcommand_from data; and "
                              "__fish_seen_subcommand_from push' -l name"));
  EXPECT_THAT(Run("completion zsh").out, HasSubstr("bashcompinit"));
}

TEST_F(XpctlTest, ALogIsPrintedByteForByte) {
  logs_.log = std::string("a\0b\xff\r\x1b[31m and so on, over several pages\n", 42);
  const Result result = Run("logs e/t");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, logs_.log);
}

TEST_F(XpctlTest, AFollowedLogGoesOnInTheAttemptThatBeganWhileNobodyListened) {
  const auto piece = [](int attempt, uint64_t from, const std::string& data) {
    v1::ReadLogResponse answer;
    answer.set_attempt(attempt);
    answer.set_offset(from);
    answer.set_data(data);
    answer.set_next_offset(from + data.size());
    return answer;
  };
  logs_.log = "one\ntwo\n";  // of attempt 1, as it is in the end
  logs_.streams = {{{piece(1, 0, "one\n")}, {grpc::StatusCode::UNAVAILABLE, "restarting"}},
                   {{piece(2, 0, "again\n")}, grpc::Status::OK}};
  trials_.attempt = 2;
  const Result result = Run("logs -f e/t");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "one\ntwo\nagain\n");
  EXPECT_THAT(result.err, HasSubstr("[attempt 2 begins]"));
  ASSERT_EQ(logs_.followed.size(), 2u);
  EXPECT_EQ(logs_.followed[1].offset(), 0u);
}

TEST_F(XpctlTest, MetricsTestNeedsNoServer) {
  environment_.clear();
  const std::string log = folder_.Write("log", "'eval_f1': '0.93',\r'eval_f1': nan,\n");
  const Result found = Run("metrics test --log " + log, {"--metric", "f1='eval_f1': (.*?),"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("0.93, nan"));
  EXPECT_EQ(Run("metrics test --log " + log + " --metric x=(nothing)").code, 1);
  EXPECT_EQ(Run("metrics test --log " + log + " --metric nogroup=a").code, 2);
  EXPECT_EQ(Run("metrics test --log " + log).code, 2);
  EXPECT_EQ(Run("metrics test --metric x=(a) --log " + (folder_ / "none")).code, 4);
}

TEST_F(XpctlTest, CompletionKnowsTheCommands) {
  EXPECT_THAT(Run("completion bash").out, HasSubstr("\"metrics backfill\") words="));
  EXPECT_THAT(Run("completion fish").out, HasSubstr("-a submit"));
  EXPECT_EQ(Run("completion csh").code, 2);
}

}  // namespace
}  // namespace xp::xpctl
