#include "worker/runner/training_environment.h"

#include <absl/strings/match.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::runner {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TrainingContext AContext() {
  return {.experiment = "nlp",
          .trial = "bert",
          .attempt = 2,
          .server = "127.0.0.1:7070",
          .params = {{"model_name", ParamKind::kString, "bert \"base\""},
                     {"learning-rate", ParamKind::kNumber, "5e-5"},
                     {"fp16", ParamKind::kTrue, ""},
                     {"seed", ParamKind::kNull, ""},
                     {"layers", ParamKind::kList, "[1, 2]"}},
          .inputs = {{"train", "/w/inputs/train"}, {"test.small-1", "/w/inputs/test.small-1"}},
          .input_dir = "/w/inputs",
          .source_dir = "/w/source",
          .output_dir = "/w/output",
          .model_dir = "/w/model",
          .checkpoint_dir = "/w/checkpoints",
          .metrics_file = "/w/metrics.jsonl",
          .gpus = {"GPU-a", "GPU-b"},
          .cpus = 4,
          .user_args = {"--seed", "1"},
          .env = {{"MINE", "1"}}};
}

std::vector<std::string> Build(const TrainingContext& context,
                               const std::map<std::string, std::string>& inherited = {}) {
  auto environment = BuildEnvironment(context, inherited);
  EXPECT_TRUE(environment.ok()) << environment.status();
  return environment.ok() ? *environment : std::vector<std::string>{};
}

// Line by line: what DESIGN section 11 promises, and nothing else.
TEST(TrainingEnvironmentTest, TheWholeOfIt) {
  EXPECT_THAT(
      Build(AContext()),
      ElementsAre(
          "CUDA_VISIBLE_DEVICES=GPU-a,GPU-b", "MINE=1", "PYTHONUNBUFFERED=1",
          "SM_CHANNELS=[\"test.small-1\",\"train\"]",
          "SM_CHANNEL_TEST_SMALL_1=/w/inputs/test.small-1", "SM_CHANNEL_TRAIN=/w/inputs/train",
          "SM_CURRENT_HOST=algo-1", "SM_HOSTS=[\"algo-1\"]",
          "SM_HPS={\"model_name\": \"bert \\\"base\\\"\", \"learning-rate\": 5e-5, "
          "\"fp16\": true, \"seed\": null, \"layers\": [1, 2]}",
          "SM_HP_FP16=true", "SM_HP_LAYERS=[1, 2]", "SM_HP_LEARNING_RATE=5e-5",
          "SM_HP_MODEL_NAME=bert \"base\"", "SM_HP_SEED=", "SM_INPUT_DIR=/w/inputs",
          "SM_LOG_LEVEL=20", "SM_MODEL_DIR=/w/model", "SM_MODULE_DIR=/w/source", "SM_NUM_CPUS=4",
          "SM_NUM_GPUS=2", "SM_OUTPUT_DATA_DIR=/w/output", "SM_OUTPUT_DIR=/w/output",
          "SM_RESOURCE_CONFIG={\"current_host\":\"algo-1\",\"hosts\":[\"algo-1\"]}",
          "SM_USER_ARGS=[\"--seed\",\"1\"]", "TRAINING_JOB_NAME=nlp-bert", "XP_ATTEMPT=2",
          "XP_CHECKPOINT_DIR=/w/checkpoints", "XP_EXPERIMENT=nlp",
          "XP_INPUT_TEST_SMALL_1=/w/inputs/test.small-1", "XP_INPUT_TRAIN=/w/inputs/train",
          "XP_METRICS_FILE=/w/metrics.jsonl", "XP_MODEL_DIR=/w/model", "XP_OUTPUT_DIR=/w/output",
          "XP_PARAMS={\"model_name\": \"bert \\\"base\\\"\", \"learning-rate\": 5e-5, "
          "\"fp16\": true, \"seed\": null, \"layers\": [1, 2]}",
          "XP_SERVER=127.0.0.1:7070", "XP_TRIAL=bert"));
}

TEST(TrainingEnvironmentTest, WithoutGpusEveryGpuIsHidden) {
  TrainingContext context = AContext();
  context.gpus.clear();
  EXPECT_THAT(Build(context), Contains("CUDA_VISIBLE_DEVICES="));
  EXPECT_THAT(Build(context), Contains("SM_NUM_GPUS=0"));
}

TEST(TrainingEnvironmentTest, TheDaemonsOwnEnvironmentIsHandedOnButForOurNames) {
  const auto environment = Build(AContext(), {{"PATH", "/bin"},
                                              {"XP_TOKEN", "secret"},
                                              {"SM_STALE", "1"},
                                              {"CUDA_VISIBLE_DEVICES", "7"},
                                              {"MINE", "theirs"}});
  EXPECT_THAT(environment, Contains("PATH=/bin"));
  EXPECT_THAT(environment, Contains("MINE=1")) << "the spec's env comes after";
  EXPECT_THAT(environment, Contains("CUDA_VISIBLE_DEVICES=GPU-a,GPU-b"));
  EXPECT_THAT(environment, Not(Contains(HasSubstr("secret"))));
  EXPECT_THAT(environment, Not(Contains(HasSubstr("SM_STALE"))));
}

TEST(TrainingEnvironmentTest, TheSpecMayOverridePythonUnbuffered) {
  TrainingContext context = AContext();
  context.env = {{"PYTHONUNBUFFERED", "0"}};
  EXPECT_THAT(Build(context), Contains("PYTHONUNBUFFERED=0"));
}

TEST(TrainingEnvironmentTest, OurNamesAreRefusedInTheSpec) {
  for (const char* name :
       {"XP_TRIAL", "XP_ANYTHING", "SM_HPS", "CUDA_VISIBLE_DEVICES", "", "A=B"}) {
    TrainingContext context = AContext();
    context.env = {{name, "x"}};
    EXPECT_TRUE(absl::IsInvalidArgument(BuildEnvironment(context, {}).status())) << name;
  }
}

TEST(TrainingEnvironmentTest, TwoChannelsThatShareAVariableAreRefused) {
  TrainingContext context = AContext();
  context.inputs = {{"a-b", "/1"}, {"a.b", "/2"}};
  const absl::Status status = BuildEnvironment(context, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("XP_INPUT_A_B"));
}

TEST(TrainingEnvironmentTest, NumbersThatJsonDoesNotHaveBecomeStringsThere) {
  EXPECT_EQ(ParamsToJson({{"a", ParamKind::kNumber, ".5"}, {"b", ParamKind::kNumber, "1.50"}}),
            R"({"a": ".5", "b": 1.50})");
  EXPECT_EQ(ParamsToJson({}), "{}");
}

}  // namespace
}  // namespace xp::runner
