// File text in, message with path and line out.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/xpctl/spec/spec_file.h"

namespace xp::xpctl {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* expected;  // a whole line of the message, or its beginning
};

constexpr const char* kOk = "experiment: e\ntrials:\n  - name: t\n    command: [\"true\"]\n";

const Case kCases[] = {
    {"UnknownTopField", "experiment: e\nfoo: 1\ntrials: [{name: t, command: [a]}]\n",
     "spec.yaml:2:1: foo: unknown field"},
    {"UnknownFieldWithAGuess",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    paramz: {a: 1}\n",
     "spec.yaml:5:5: trials[0].paramz: unknown field; did you mean params?"},
    {"DuplicateKey",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    params: {a: 1, a: 2}\n",
     "spec.yaml:5:20: trials[0].params.a: is there twice, first in line 5"},
    {"NumberAsName", "experiment: e\ntrials:\n  - name: 5\n    command: [a]\n",
     "spec.yaml:3:11: trials[0].name: a number (5) where text belongs; write \"5\" in quotes"},
    {"BooleanAsDescription",
     "experiment: e\ndescription: true\ntrials: [{name: t, command: [a]}]\n",
     "spec.yaml:2:14: description: a boolean (true) where text belongs"},
    {"BadExperimentName", "experiment: a/b\ntrials: [{name: t, command: [a]}]\n",
     "spec.yaml:1:13: experiment: "},
    {"NoExperiment", "trials: [{name: t, command: [a]}]\n",
     "spec.yaml:1:1: experiment: is missing"},
    {"NoTrials", "experiment: e\n", "spec.yaml:1:1: trials: is missing"},
    {"EmptyTrials", "experiment: e\ntrials: []\n", "spec.yaml:2:9: trials: a list; write a list"},
    {"NoCommand", "experiment: e\ntrials:\n  - name: t\n",
     "spec.yaml:3:5: trials[0].command: is missing, here and in defaults"},
    {"CommandAsText", "experiment: e\ntrials:\n  - name: t\n    command: python3 train.py\n",
     "spec.yaml:4:14: trials[0].command: the text \"python3 train.py\" where a list"},
    {"SameNameInOtherCase",
     "experiment: e\ndefaults: {command: [a]}\ntrials:\n  - name: t\n  - name: T\n",
     "spec.yaml:5:11: trials[1].name: \"T\" is taken by trials[0]"},
    {"RegexWithoutGroup",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    metrics:\n      - {name: f1, "
     "regex: 'f1=.*'}\n",
     "spec.yaml:6:27: trials[0].metrics[0].regex: "},
    {"BadRegex",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    metrics:\n      - {name: f1, "
     "regex: 'f1=(.*'}\n",
     "spec.yaml:6:27: trials[0].metrics[0].regex: "},
    {"SameMetricTwice",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    metrics:\n"
     "      - {name: f1, regex: '(a)'}\n      - {Name: f1, Regex: '(b)'}\n",
     "spec.yaml:7:9: trials[0].metrics[1].name: \"f1\" is the name of trials[0].metrics[0] "
     "already"},
    {"BadGoal",
     "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    metrics: [{name: a, regex: (a), "
     "goal: up}]\n",
     "spec.yaml:5:43: trials[0].metrics[0].goal: \"up\"; write min or max"},
    {"BadPreset", "experiment: e\ntrials: [{name: t, command: [a], metrics_preset: keras}]\n",
     "spec.yaml:2:50: trials[0].metrics_preset: \"keras\" is no preset; there are huggingface"},
    {"TimeoutWithoutUnit", "experiment: e\ntrials: [{name: t, command: [a], timeout: 7200}]\n",
     "spec.yaml:2:43: trials[0].timeout: \"7200\" is no duration"},
    {"GpusAsText", "experiment: e\ntrials: [{name: t, command: [a], resources: {gpus: two}}]\n",
     "spec.yaml:2:52: trials[0].resources.gpus: the text \"two\" where a whole number"},
    {"ReservedVariable", "experiment: e\ntrials: [{name: t, command: [a], env: {SM_X: 1}}]\n",
     "spec.yaml:2:40: trials[0].env.SM_X: XP_*, SM_* and CUDA_VISIBLE_DEVICES are set by xp "
     "itself"},
    {"MissingInput", "experiment: e\ntrials: [{name: t, command: [a], inputs: {train: no/such}}]\n",
     "spec.yaml:2:50: trials[0].inputs.train: there is no file or folder"},
    {"S3Input", "experiment: e\ntrials: [{name: t, command: [a], inputs: {train: 's3://b/k'}}]\n",
     "spec.yaml:2:50: trials[0].inputs.train: s3:// not yet"},
    {"MissingSource", "experiment: e\ntrials: [{name: t, command: [a], source_dir: nowhere}]\n",
     "spec.yaml:2:46: trials[0].source_dir: there is no folder"},
    {"MatrixAndParam",
     "experiment: e\nmatrix: {seed: [1]}\ntrials:\n  - name: t\n    command: [a]\n    params: "
     "{seed: 2}\n",
     "spec.yaml:4:5: trials[0].params.seed: is in the matrix too"},
    {"MatrixThatReadsTheSame",
     "experiment: e\nmatrix: {m: [a/b, a_b]}\ntrials: [{name: t, command: [a]}]\n",
     "spec.yaml:3:17: trials[0].name: \"t-m-a_b\" is taken by trials[0] itself"},
    {"HugeMatrix",
     "experiment: e\nmatrix:\n  a: [1,2,3,4,5,6,7,8,9,10,11]\n  b: [1,2,3,4,5,6,7,8,9,10]\n"
     "  c: [1,2,3,4,5,6,7,8,9,10]\n  d: [1,2,3,4,5,6,7,8,9,10]\ntrials: [{name: t, command: "
     "[a]}]\n",
     "spec.yaml:7:10: trials[0]: with its matrix there are more than 10000 trials"},
    {"MergeKey", "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    <<: {retries: 1}\n",
     "spec.yaml:5:5: trials[0].<<: unknown field; YAML merge keys are not supported"},
    {"Syntax", "experiment: [e\n", "spec.yaml:2:1: "},
    {"SecondDocument", "experiment: e\n---\nexperiment: f\n", "spec.yaml:3:1: a second document"},
    {"NotAMap", "- a\n", "spec.yaml:1:1: a list where a map (key: value) belongs"},
    {"Empty", "", "spec.yaml: nothing where a map (key: value) belongs"},
    {"NulInAnArgument", "experiment: e\ntrials:\n  - name: t\n    command: [sh, \"a\\0b\"]\n",
     "spec.yaml:4:19: trials[0].command[1]: holds a NUL byte"},
    {"NulInAParam", "experiment: e\ntrials: [{name: t, command: [a], params: {lr: \"1\\0\"}}]\n",
     "spec.yaml:2:47: trials[0].params.lr: holds a NUL byte"},
    {"PlaceholderOfNoParam",
     "experiment: e\ntrials:\n  - name: t\n    command: [a, '--lr={params.rl}']\n    params: {lr: "
     "1}\n",
     "spec.yaml:4:18: trials[0].command[1]: {params.rl} names no param of this trial"},
    {"TimeoutOfTwoYears", "experiment: e\ntrials: [{name: t, command: [a], timeout: 2y}]\n",
     "spec.yaml:2:43: trials[0].timeout: \"2y\" is no duration"},
    {"TimeoutBeyondAYear", "experiment: e\ntrials: [{name: t, command: [a], timeout: 367d}]\n",
     "spec.yaml:2:43: trials[0].timeout: is longer than 366 days"},
    {"TimeoutBelowASecond", "experiment: e\ntrials: [{name: t, command: [a], timeout: 500ms}]\n",
     "spec.yaml:2:43: trials[0].timeout: 0.5 s is not in 1 s ..."},
    {"GpuMemoryWithoutGpus",
     "experiment: e\ntrials: [{name: t, command: [a], resources: {gpu_memory: 1GiB}}]\n",
     "spec.yaml:2:58: trials[0].resources.gpu_memory: is set, but gpus is 0"},
    {"EmptyKeyOfALabel",
     "experiment: e\ntrials: [{name: t, command: [a], resources: {labels: {'': x}}}]\n",
     "spec.yaml:2:59: trials[0].resources.labels.: a tag's key is empty"},
    {"EmptyTag", "experiment: e\ntags: {a: x, '': y}\ntrials: [{name: t, command: [a]}]\n",
     "spec.yaml:2:18: tags.: a tag's key is empty"},
    {"NotUtf8", "experiment: \xff\n", "spec.yaml:1:1: this is no UTF-8 text"},
};

TEST(SpecErrorsTest, EachMistakeIsToldWithItsPathAndLine) {
  for (const Case& one : kCases) {
    const auto spec = ParseSpec(one.text, "spec.yaml", "/nonexistent-folder");
    ASSERT_TRUE(absl::IsInvalidArgument(spec.status())) << one.name;
    const std::string lines = "\n" + std::string(spec.status().message());
    EXPECT_NE(lines.find(std::string("\n") + one.expected), lines.npos)
        << one.name << ":\n expected: " << one.expected << "\n message:" << lines;
  }
}

TEST(SpecErrorsTest, AllMistakesAreToldAtOnceInTheOrderOfTheFile) {
  const auto spec = ParseSpec(
      "experiment: e\ntrials:\n  - name: 5\n    timeout: 3\n    bogus: 1\n    command: [a]\n",
      "spec.yaml", ".");
  const std::string message(spec.status().message());
  const size_t first = message.find(":3:11:");
  const size_t second = message.find(":4:14:");
  const size_t third = message.find(":5:5:");
  EXPECT_LT(first, second) << message;
  EXPECT_LT(second, third) << message;
  EXPECT_NE(third, message.npos) << message;
}

TEST(SpecErrorsTest, AMistakeInDefaultsIsToldOnce) {
  const auto spec = ParseSpec(
      "experiment: e\ndefaults: {command: 5}\ntrials: [{name: a}, {name: b}]\n", "spec.yaml", ".");
  EXPECT_EQ(spec.status().message(),
            "spec.yaml:2:21: defaults.command: a number (5) where a list of arguments belongs, "
            "e.g. [python3, train.py]");
}

TEST(SpecErrorsTest, WhatTheServerRefusesIsToldWhereItStandsOnce) {
  const auto defaults = ParseSpec(
      "experiment: e\ndefaults: {command: [a, '{params.lr}']}\n"
      "trials: [{name: a, params: {lr: 1}}, {name: b}, {name: c}]\n",
      "spec.yaml", ".");
  EXPECT_EQ(
      defaults.status().message(),
      "spec.yaml:2:25: defaults.command[1]: {params.lr} names no param of this trial; add the "
      "param or remove the braces (in trial b)");
  const auto matrix = ParseSpec(
      "experiment: e\nmatrix: {text: [x, \"a\\0b\"]}\ntrials: [{name: t, command: [a]}]\n",
      "spec.yaml", ".");
  EXPECT_EQ(matrix.status().message(),
            "spec.yaml:2:16: matrix.text: holds a NUL byte; only text is accepted "
            "(in trial t-text-a_b)");
}

TEST(SpecErrorsTest, WhatIsTooLargeForTheServerIsToldWithItsField) {
  const std::string head = "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    ";
  const std::string long_text(128 * 1024, 'x');
  const auto environment = ParseSpec(head + "env: {A: b, LONG: " + long_text + "}\n", "s", ".");
  EXPECT_EQ(std::string(environment.status().message()).substr(0, 48),
            "s:5:23: trials[0].env.LONG: has 131072 bytes; at");
  std::string tags = "tags: {";
  for (int i = 0; i < 51; ++i) tags += "t" + std::to_string(i) + ": x, ";
  EXPECT_EQ(ParseSpec(head + tags + "}\n", "s", ".").status().message(),
            "s:5:11: trials[0].tags: 51 tags; at most 50 are accepted");
  std::string many =
      "experiment: e\ndefaults: {command: [a, " + long_text.substr(1) + "]}\ntrials:\n";
  for (int i = 0; i < 40; ++i) many += "  - name: t" + std::to_string(i) + "\n";
  EXPECT_EQ(std::string(ParseSpec(many, "s", ".").status().message()).substr(0, 42),
            "s:4:3: trials: take 5.0 MiB as they are se");
}

TEST(SpecErrorsTest, AnAliasBombIsAnErrorNotAllMemory) {
  std::string text = "experiment: e\nnotes: &a0 x\n";
  for (int i = 1; i < 12; ++i) {
    text += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += "*a" + std::to_string(i - 1) + (j < 9 ? "," : "]\n");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ParseSpec(text, "spec.yaml", ".").status()));
  std::string deep(100'000, '[');
  EXPECT_TRUE(absl::IsInvalidArgument(ParseSpec(deep, "spec.yaml", ".").status()));
}

TEST(SpecErrorsTest, TheSmallestSpecIsFine) {
  const auto spec = ParseSpec(kOk, "spec.yaml", ".");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->trials.size(), 1u);
}

}  // namespace
}  // namespace xp::xpctl
