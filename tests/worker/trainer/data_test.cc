// Shards, batches, labels, vocabularies: what needs no LibTorch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/worker/trainer/temp_folder.h"
#include "worker/trainer/data/batch_plan.h"
#include "worker/trainer/data/examples_fit.h"
#include "worker/trainer/data/labels.h"
#include "worker/trainer/data/prepare.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/config.h"
#include "worker/trainer/model/safetensors.h"
#include "worker/trainer/train/log_lines.h"
#include "worker/trainer/train/metrics.h"
#include "worker/trainer/train/schedule.h"
#include "worker/trainer/vocab/vocab_builder.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

class DataTest : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, std::string_view content) {
    EXPECT_TRUE(WriteFile(dir_ / name, content).ok());
    return dir_ / name;
  }
  const TempFolder folder_;
  const fs::path dir_ = folder_.path();
};

Examples ThreeExamples() {
  Examples examples;
  examples.Add(std::vector<uint32_t>{2, 7, 3}, 1);
  examples.Add(std::vector<uint32_t>{2, 3}, 0);
  examples.Add(std::vector<uint32_t>{2, 9, 9, 9, 3}, 1);
  return examples;
}

TEST_F(DataTest, AShardReadsBackAsItWasWritten) {
  for (const uint32_t id_limit : {10u, 70000u}) {  // two bytes an id, and four
    const fs::path file = dir_ / "a.xpshard";
    ASSERT_TRUE(WriteShard(file, ThreeExamples(), id_limit).ok());
    const auto read = ReadShard(file);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->ids, ThreeExamples().ids);
    EXPECT_EQ(read->starts, ThreeExamples().starts);
    EXPECT_EQ(read->labels, ThreeExamples().labels);
  }
  EXPECT_FALSE(WriteShard(dir_ / "b.xpshard", ThreeExamples(), 9).ok());
}

TEST_F(DataTest, EveryDamagedByteOfAShardIsFound) {
  const fs::path file = dir_ / "a.xpshard";
  ASSERT_TRUE(WriteShard(file, ThreeExamples(), 10).ok());
  const std::string good = *ReadFile(file);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = char(bad[at] ^ 0x20);
    Write("bad.xpshard", bad);
    const auto read = ReadShard(dir_ / "bad.xpshard");
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_NE(read.status().ToString().find("bad.xpshard: byte "), std::string::npos);
    Write("short.xpshard", good.substr(0, at));
    EXPECT_FALSE(ReadShard(dir_ / "short.xpshard").ok()) << "cut at " << at;
  }
  Write("long.xpshard", good + "x");
  EXPECT_FALSE(ReadShard(dir_ / "long.xpshard").ok());
}

TEST_F(DataTest, VocabularyAndShardsFromTextToTrainingChannel) {
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += i % 2 == 0 ? "{\"text\": \"a good film\", \"label\": \"pos\"}\n"
                        : "{\"text\": \"a bad film\", \"label\": \"neg\"}\n";
  }
  Write("data/train.jsonl", lines);
  Write("data/test.jsonl", lines.substr(0, lines.size() / 4));
  for (const VocabKind kind : {VocabKind::kWordPiece, VocabKind::kByteLevel}) {
    const fs::path model = dir_ / (kind == VocabKind::kWordPiece ? "bert" : "roberta");
    VocabBuilder builder({kind, 300, 2, true});
    for (int i = 0; i < 5; ++i) builder.Add("a good film, a bad film");
    const auto size = builder.Write(model);
    ASSERT_TRUE(size.ok()) << size.status();
    SmallModel small;
    small.type = kind == VocabKind::kWordPiece ? ModelType::kBert : ModelType::kRoberta;
    small.vocab_size = int64_t(*size);
    small.pad_token_id = kind == VocabKind::kWordPiece ? 0 : 1;
    const auto config = MakeSmallConfig(small);
    ASSERT_TRUE(config.ok()) << config.status();
    Write(model.filename().string() + "/config.json", ModelConfigJson(*config));
    PrepareOptions options;
    options.model = model;
    options.input = dir_ / "data";
    options.output = dir_ / "prepared" / model.filename();
    options.threads = 2;
    options.shard_examples = 16;
    std::ostringstream out;
    Progress progress(
        {"tokenising", "texts", ProgressStyle::kSilent},
        [] { return std::chrono::steady_clock::time_point(); }, out);
    const auto report = Prepare(options, progress);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->train.examples, 40u);
    EXPECT_EQ(report->train.shards, 3u);
    EXPECT_EQ(report->labels, (std::vector<std::string>{"neg", "pos"}));
    const auto examples = ReadShardFolder(options.output / "train");
    ASSERT_TRUE(examples.ok()) << examples.status();
    EXPECT_EQ(examples->size(), 40u);
    EXPECT_EQ(examples->labels[0], 1);
    EXPECT_EQ(examples->Ids(0).size(), 5u);  // each word was frequent enough to be one token
    EXPECT_TRUE(fs::exists(options.output / "train" / "config.json"));
    EXPECT_TRUE(fs::exists(options.output / "test" / kManifestName));
  }
}

TEST_F(DataTest, SafetensorsErrorsNameFileAndByte) {
  const float values[] = {1, 2, 3};
  const NamedArray array{"w", {DType::kF32, {3}, reinterpret_cast<const char*>(values), 12}};
  const fs::path file = dir_ / "m.safetensors";
  ASSERT_TRUE(WriteSafetensors(file, {array}).ok());
  const auto read = ReadSafetensors(file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->arrays.at("w").shape, std::vector<int64_t>{3});
  EXPECT_EQ(read->metadata.at("format"), "pt");
  const std::string good = *ReadFile(file);
  for (size_t at = 0; at < good.size(); ++at) {
    Write("short.safetensors", good.substr(0, at));
    const auto cut = ReadSafetensors(dir_ / "short.safetensors");
    ASSERT_FALSE(cut.ok()) << at;
    EXPECT_NE(cut.status().ToString().find("byte "), std::string::npos);
  }
}

TEST(LabelMapTest, WholeNumbersAreInTheirOwnOrder) {
  EXPECT_EQ(LabelMap::Create({"1", "10", "2"}, ModelConfig())->names(),
            (std::vector<std::string>{"1", "2", "10"}));
  EXPECT_EQ(LabelMap::Create({"1", "10", "a"}, ModelConfig())->names(),
            (std::vector<std::string>{"1", "10", "a"}));
  EXPECT_EQ(LabelMap::Create({"1", "0"}, ModelConfig())->names(),
            (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
}

TEST(LabelMapTest, NegativeAndVeryLongNumbersToo) {
  using Names = std::vector<std::string>;
  const auto sorted = [](const std::set<std::string>& found) {
    return LabelMap::Create(found, ModelConfig())->names();
  };
  EXPECT_EQ(sorted({"-1", "-2", "0", "1", "2"}), (Names{"-2", "-1", "0", "1", "2"}));
  EXPECT_EQ(sorted({"-10", "-9", "+1", "-0"}), (Names{"-10", "-9", "-0", "+1"}));
  EXPECT_EQ(sorted({"100000000000000000", "1000000000000000000", "5"}),
            (Names{"5", "100000000000000000", "1000000000000000000"}));
  const std::string beyond(30, '9');  // 64 bits hold 19 digits
  EXPECT_EQ(sorted({beyond, "1" + beyond, "-" + beyond, "-1" + beyond, "7", "007"}),
            (Names{"-1" + beyond, "-" + beyond, "007", "7", beyond, "1" + beyond}));
  EXPECT_EQ(sorted({"-", "10", "9"}), (Names{"-", "10", "9"}));  // no number among them
}

TEST(LabelMapTest, ANameForTwoClassesIsRefused) {
  ModelConfig config;
  config.labels = {"neg", "pos", "neg"};
  const absl::Status status = LabelMap::Create({"neg", "pos"}, config).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), testing::HasSubstr("'neg' twice (classes 0 and 2)"));
}

TEST(FitTest, NamesTheExampleAndWhatTheModelTakes) {
  ModelConfig config;
  config.vocab_size = 10;
  config.max_positions = 4;
  config.type_vocab_size = 2;
  const auto said = [&](const Examples& examples, Labels labels) {
    return std::string(CheckFit(examples, config, labels, "test").message());
  };
  Examples examples;
  examples.Add(std::vector<uint32_t>{1, 2, 9}, 1);
  EXPECT_EQ(said(examples, Labels::kRequired), "");
  examples.Add(std::vector<uint32_t>{3}, 2);
  EXPECT_EQ(said(examples, Labels::kRequired),
            "test example 1 has label 2, the model has 2 labels");
  EXPECT_EQ(said(examples, Labels::kIgnored), "");
  examples.types = {0, 1, 1, 2};
  EXPECT_EQ(said(examples, Labels::kIgnored), "test example 1 has token type 2, the model has 2");
  examples.ids[3] = 10;
  EXPECT_EQ(said(examples, Labels::kIgnored),
            "test example 1 has token 10, the model's vocabulary 10 tokens");
  examples.Add(std::vector<uint32_t>{1, 1, 1, 1, 1}, 0);
  examples.types.clear();
  examples.ids[3] = 3;
  EXPECT_EQ(said(examples, Labels::kIgnored),
            "test example 2 has 5 tokens, the model takes 4: truncate to that (prepare "
            "--max-length)");
}

TEST(BatchPlanTest, EveryExampleOnceAndTheSameForTheSameSeed) {
  std::vector<uint32_t> lengths;
  for (uint32_t i = 0; i < 1003; ++i) lengths.push_back(i * 37 % 101 + 1);
  const Batches plan = PlanTraining(lengths, {8, Order::kByLength, 42, 1});
  EXPECT_EQ(plan, PlanTraining(lengths, {8, Order::kByLength, 42, 1}));
  EXPECT_NE(plan, PlanTraining(lengths, {8, Order::kByLength, 42, 2}));
  std::vector<uint32_t> seen;
  uint64_t padded = 0, real = 0;
  for (const auto& batch : plan) {
    uint32_t longest = 0;
    for (const uint32_t i : batch) {
      seen.push_back(i);
      real += lengths[i];
      longest = std::max(longest, lengths[i]);
    }
    padded += longest * batch.size();
  }
  std::sort(seen.begin(), seen.end());
  for (uint32_t i = 0; i < 1003; ++i) ASSERT_EQ(seen[i], i);
  EXPECT_LT(double(padded), 1.1 * double(real));  // hardly any padding
}

TEST(LogLinesTest, FloatsAreWrittenAsPythonWritesThem) {
  EXPECT_EQ(PythonFloat(5e-5), "5e-05");
  EXPECT_EQ(PythonFloat(0.0001), "0.0001");
  EXPECT_EQ(PythonFloat(1), "1.0");
  EXPECT_EQ(PythonFloat(0), "0.0");
  EXPECT_EQ(PythonFloat(0.8573913043478261), "0.8573913043478261");
  EXPECT_EQ(PythonFloat(1e16), "1e+16");
  EXPECT_EQ(PythonFloat(123456.789), "123456.789");
  EXPECT_EQ(PythonFloat(std::nan("")), "nan");
  EXPECT_EQ(DictLine({{"loss", RoundTo(0.69314, 4)}, {"epoch", 0.5}}),
            "{'loss': 0.6931, 'epoch': 0.5}");
}

TEST(MetricsTest, TwoClassesScoreTheSecondAndNothingDividesByZero) {
  Confusion confusion(2);
  for (int i = 0; i < 6; ++i) confusion.Add(1, 1);
  for (int i = 0; i < 2; ++i) confusion.Add(1, 0);
  for (int i = 0; i < 3; ++i) confusion.Add(0, 1);
  for (int i = 0; i < 9; ++i) confusion.Add(0, 0);
  const Scores scores = ScoreOf(confusion);
  EXPECT_DOUBLE_EQ(scores.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(scores.precision, 6.0 / 9);
  EXPECT_DOUBLE_EQ(scores.recall, 0.75);
  EXPECT_DOUBLE_EQ(scores.f1, 12.0 / 17);
  EXPECT_EQ(ScoreOf(Confusion(2)).f1, 0);
}

// As scikit-learn 1.x: y_true = [0, 0, 2, 2], y_pred = [0, 0, 2, 0] of labels 0 to 3.
TEST(MetricsTest, ClassesThatAreNeitherThereNorPredictedDoNotCount) {
  Confusion confusion(4);
  for (int i = 0; i < 2; ++i) confusion.Add(0, 0);
  confusion.Add(2, 2);
  confusion.Add(2, 0);
  const Scores scores = ScoreOf(confusion);
  EXPECT_DOUBLE_EQ(scores.precision, (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(scores.recall, (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(scores.f1, (0.8 + 2.0 / 3) / 2);
  EXPECT_EQ(ScoreOf(Confusion(3)).f1, 0);
}

TEST(ScheduleTest, WarmsUpAndFallsToZero) {
  TrainOptions options;
  options.learning_rate = 1;
  options.warmup_steps = 4;
  options.max_steps = 10;
  const Schedule schedule = MakeSchedule(options, 64);
  EXPECT_DOUBLE_EQ(schedule.RateAt(0), 0);
  EXPECT_DOUBLE_EQ(schedule.RateAt(2), 0.5);
  EXPECT_DOUBLE_EQ(schedule.RateAt(4), 1);
  EXPECT_DOUBLE_EQ(schedule.RateAt(7), 0.5);
  EXPECT_DOUBLE_EQ(schedule.RateAt(10), 0);
}

TEST(ScheduleTest, CountsBatchesAndStepsThatAreNotFull) {
  TrainOptions options;
  options.train_batch_size = 4;
  options.gradient_accumulation_steps = 3;
  options.epochs = 2;
  options.warmup_ratio = 0.3;
  const Schedule schedule = MakeSchedule(options, 17);
  EXPECT_EQ(schedule.batches_per_epoch, 5);
  EXPECT_EQ(schedule.steps_per_epoch, 2);
  EXPECT_EQ(schedule.steps, 4);
  EXPECT_EQ(schedule.epochs, 2);
  EXPECT_EQ(schedule.warmup_steps, 2);
  options.max_steps = 5;
  EXPECT_EQ(MakeSchedule(options, 17).epochs, 3);
}

TEST(ModelConfigTest, ErrorsNameTheKeyAndWhatIsAccepted) {
  const auto message = [](std::string_view text) {
    return ParseModelConfig(text).status().ToString();
  };
  EXPECT_NE(message(R"({"model_type": "gpt2"})").find("accepted: bert, distilbert, roberta"),
            std::string::npos);
  EXPECT_NE(message(R"({"model_type": "bert", "hidden_size": -1})").find("hidden_size is -1"),
            std::string::npos);
  EXPECT_NE(message(R"({"model_type": "bert", "hidden_size": 10, "num_attention_heads": 3})")
                .find("not a multiple"),
            std::string::npos);
  EXPECT_NE(message(R"({"model_type": "bert", "position_embedding_type": 7})")
                .find("position_embedding_type is 7; accepted: absolute"),
            std::string::npos);
  EXPECT_EQ(message(R"({"model_type": "bert", "position_embedding_type": null})"), "OK");
  EXPECT_NE(message(R"({"model_type": "bert", "problem_type": "regression"})")
                .find("problem_type is \"regression\"; accepted: single_label_classification"),
            std::string::npos);
  EXPECT_NE(message("{\n\"a\": }").find("line 2"), std::string::npos);
  EXPECT_NE(message("{\n\"dim\": 1e999}").find("line 2, column 8: a number too large: 1e999"),
            std::string::npos);
}

TEST(ModelConfigTest, IsWrittenWithTheTypeThatWeightsAreWrittenIn) {
  for (const std::string key : {"dtype", "torch_dtype"}) {
    const auto config = ParseModelConfig(R"({"model_type": "bert", ")" + key + R"(": "float16"})");
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(nlohmann::json::parse(ModelConfigJson(*config))[key], "float32");
  }
}

}  // namespace
}  // namespace xp::trainer
