#include "client/xpctl/spec/spec_file.h"

#include <gtest/gtest.h>

#include <sstream>

#include "client/xpctl/submit_request.h"
#include "tests/client/cpp/temp_folder.h"

namespace xp::xpctl {
namespace {

SpecFile Parse(const std::string& text) {
  const auto spec = ParseSpec(text, "spec.yaml", ".");
  EXPECT_TRUE(spec.ok()) << spec.status();
  return spec.ok() ? *spec : SpecFile();
}

std::vector<std::string> ParamTexts(const SpecTrial& trial) {
  std::vector<std::string> texts;
  for (const v1::Param& param : trial.section.params) {
    texts.push_back(param.key() + "=" + param.text());
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SpecFileTest, ParamsKeepTheTextOfTheFile) {
  const SpecFile spec = Parse(
      "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    params: {lr: 5e-5, v: 1.10, "
      "s: \"7\", yes: yes, on: True, none: null, l: [1, 2.50, a, {k: .5}], big: 1_000, z: 007}\n");
  EXPECT_EQ(ParamTexts(spec.trials[0]),
            (Texts{"lr=5e-5", "v=1.10", "s=7", "yes=yes", "on=true",
                   "none=", "l=[1,2.50,\"a\",{\"k\":0.5}]", "big=1_000", "z=007"}));
  const auto& params = spec.trials[0].section.params;
  EXPECT_EQ(params[0].kind(), v1::PARAM_KIND_NUMBER);
  EXPECT_EQ(params[2].kind(), v1::PARAM_KIND_STRING);
  EXPECT_EQ(params[3].kind(), v1::PARAM_KIND_STRING);
  EXPECT_EQ(params[4].kind(), v1::PARAM_KIND_BOOL);
  EXPECT_EQ(params[5].kind(), v1::PARAM_KIND_NULL);
  EXPECT_EQ(params[6].kind(), v1::PARAM_KIND_JSON);
  EXPECT_EQ(params[7].kind(), v1::PARAM_KIND_STRING);
}

TEST(SpecFileTest, DefaultsAreMergedByKeyAndListsReplaced) {
  const SpecFile spec = Parse(
      "experiment: e\n"
      "defaults:\n"
      "  command: [python3, train.py]\n"
      "  params: {epochs: 2, batch: 32}\n"
      "  env: {A: 1, B: x}\n"
      "  tags: {team: nlp}\n"
      "  metrics: [{name: loss, regex: 'loss=(\\S+)'}, {name: f1, regex: 'f1=(\\S+)'}]\n"
      "  resources: {gpus: 1, labels: {zone: a}}\n"
      "  timeout: 2h\n"
      "trials:\n"
      "  - name: one\n"
      "  - name: two\n"
      "    params: {batch: 64, seed: 1}\n"
      "    env: {B: y}\n"
      "    metrics: [{name: acc, regex: 'acc=(\\S+)'}]\n"
      "    resources: {gpu_memory: 16GiB, labels: {disk: fast}}\n"
      "    timeout: 90m\n");
  const TrialSection& one = spec.trials[0].section;
  const TrialSection& two = spec.trials[1].section;
  EXPECT_EQ(ParamTexts(spec.trials[1]), (Texts{"epochs=2", "batch=64", "seed=1"}));
  EXPECT_EQ(two.env, (std::map<std::string, std::string>{{"A", "1"}, {"B", "y"}}));
  EXPECT_EQ(two.tags.at("team"), "nlp");
  EXPECT_EQ(one.metrics->size(), 2u);
  ASSERT_EQ(two.metrics->size(), 1u);
  EXPECT_EQ((*two.metrics)[0].name(), "acc");
  EXPECT_EQ(two.gpus, 1);
  EXPECT_EQ(two.gpu_memory, 16ull << 30);
  EXPECT_EQ(two.labels.size(), 2u);
  EXPECT_EQ(one.timeout, absl::Hours(2));
  EXPECT_EQ(two.timeout, absl::Minutes(90));
  EXPECT_EQ(*two.command, (Texts{"python3", "train.py"}));
}

TEST(SpecFileTest, TheMatrixMultipliesInTheFilesKeyOrder) {
  const SpecFile spec = Parse(
      "experiment: e\nmatrix: {seed: [1, 2], learning_rate: [5e-5, 3e-5]}\n"
      "trials:\n  - {name: a, command: [x], params: {z: 1}}\n  - {name: b, command: [x], "
      "matrix: {seed: [9]}}\n");
  Texts names;
  for (const SpecTrial& trial : spec.trials) names.push_back(trial.name);
  EXPECT_EQ(names, (Texts{"a-seed-1-learning_rate-5e-5", "a-seed-1-learning_rate-3e-5",
                          "a-seed-2-learning_rate-5e-5", "a-seed-2-learning_rate-3e-5",
                          "b-seed-9-learning_rate-5e-5", "b-seed-9-learning_rate-3e-5"}));
  EXPECT_EQ(ParamTexts(spec.trials[1]), (Texts{"z=1", "seed=1", "learning_rate=3e-5"}));
}

TEST(SpecFileTest, AnchorsStandForWhatTheyName) {
  const SpecFile spec = Parse(
      "experiment: e\ntrials:\n  - {name: a, command: &c [x, --n, 3]}\n  - {name: b, command: "
      "*c}\n");
  EXPECT_EQ(*spec.trials[1].section.command, (Texts{"x", "--n", "3"}));
}

TEST(SpecFileTest, InputsAreFoundFromTheSpecFilesFolder) {
  const client::TempFolder folder;
  folder.Write("data/train/a", "1");
  folder.Write(
      "spec.yaml",
      "experiment: e\ntrials:\n  - name: t\n    command: [a]\n    inputs: {train: data/train, "
      "vocab: 'dataset:vocab@3', big: file:///mnt/big}\n");
  std::istringstream none;
  const auto spec = ReadSpecFile(folder / "spec.yaml", none);
  ASSERT_TRUE(spec.ok()) << spec.status();
  const auto plan = MakeSubmitPlan(*spec, [](const std::string&) {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  const v1::TrialSpec& trial = plan->request.trials(0).spec();
  EXPECT_EQ(trial.inputs(0).manifest_sha256().size(), 64u);
  EXPECT_EQ(trial.inputs(1).dataset(), "vocab@3");
  EXPECT_EQ(trial.inputs(2).worker_path(), "/mnt/big");
  EXPECT_EQ(plan->blobs.size(), 2u);
}

TEST(SpecFileTest, AFolderThatManyTrialsNameIsReadOnce) {
  const client::TempFolder folder;
  folder.Write("src/train.py", "print(1)");
  const auto spec = ParseSpec(
      "experiment: e\ndefaults: {source_dir: src, command: [a]}\nmatrix: {s: [1, 2, 3]}\n"
      "trials: [{name: t}]\n",
      "spec.yaml", folder.path());
  ASSERT_TRUE(spec.ok()) << spec.status();
  int read = 0;
  const auto plan = MakeSubmitPlan(*spec, [&](const std::string&) { ++read; });
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(read, 1);
  EXPECT_EQ(plan->blobs.size(), 2u);
  EXPECT_EQ(plan->request.trials(2).spec().source_manifest_sha256(),
            plan->request.trials(0).spec().source_manifest_sha256());
}

}  // namespace
}  // namespace xp::xpctl
