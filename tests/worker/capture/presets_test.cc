#include "worker/capture/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/worker/capture/cut_kit.h"

namespace xp::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Collected Capture(std::string_view preset, std::string_view log) {
  return CollectWhole(*Rules({}, preset), log);
}

std::vector<std::string> Show(const Collected& all) {
  std::vector<std::string> shown;
  for (const NamedPoint& point : all.points) {
    std::string text = point.series + "=" + std::to_string(point.value).substr(0, 5);
    if (point.step) text += " step " + std::to_string(*point.step);
    if (point.epoch) text += " epoch " + std::to_string(*point.epoch).substr(0, 3);
    shown.push_back(text);
  }
  return shown;
}

TEST(HuggingFacePresetTest, DictLinesOfTrainer4) {
  const Collected all =
      Capture("huggingface",
              "{'loss': 0.6931, 'learning_rate': 5e-05, 'epoch': 0.5}\n"
              "{'eval_loss': 0.25, 'eval_f1': 0.8573913043478261, 'epoch': 1.0}\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.693 epoch 0.5", "learning_rate=0.000 epoch 0.5",
                                     "eval_loss=0.250 epoch 1.0", "eval_f1=0.857 epoch 1.0"));
  EXPECT_EQ(all.counters[0].matches, 4u);
}

TEST(HuggingFacePresetTest, QuotedFloatsWrappedFloatsAndNan) {
  const Collected all = Capture("huggingface",
                                "{'loss': '0.6931', 'epoch': '0.5'}\n"
                                "{'eval_f1': np.float64(0.75), 'eval_loss': nan, 'epoch': 1.0}\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.6931));
  EXPECT_THAT(ValuesOf(all, "eval_f1"), ElementsAre(0.75));
  EXPECT_TRUE(std::isnan(ValuesOf(all, "eval_loss").at(0)));
  EXPECT_EQ(all.points[0].epoch, 0.5);
}

TEST(HuggingFacePresetTest, DictGluedToAProgressBarIsFound) {
  // transformers#28683: the bar's text and the dict in one line.
  const Collected all = Capture(
      "huggingface", " 50%|#####     | 10/20 [00:46<00:46,  4.69s/it]{'loss': 0.5, 'epoch': 1}\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
}

TEST(HuggingFacePresetTest, SeveralDictsInALineKeepTheirOwnEpoch) {
  const Collected all =
      Capture("huggingface", "{'loss': 0.5, 'epoch': 1} {'loss': 0.25, 'epoch': 2}\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.500 epoch 1.0", "loss=0.250 epoch 2.0"));
}

TEST(HuggingFacePresetTest, NestedAndArrayValuesAreRejectedTextsSkipped) {
  const Collected all =
      Capture("huggingface",
              "{'eval_f1': array([0.94, 0.95]), 'eval_x': {'a': 1}, 'eval_y': [1], "
              "'name': 'best', 'flag': True, 'none': None, 'loss': 0.5}\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.500"));
  EXPECT_EQ(all.counters[0].rejected, 3u);
  EXPECT_EQ(all.counters[0].last_rejected.text, "[1]");
}

TEST(HuggingFacePresetTest, DictsThatAreNoTrainersAreLeftAlone) {
  EXPECT_THAT(Capture("huggingface", "{'batch_size': 32, 'lr': 1e-5}\n{}\n{1, 2}\n{'a'}\n").points,
              IsEmpty());
}

TEST(HuggingFacePresetTest, TornDictIsRejectedNotHalfTaken) {
  const Collected all = Capture("huggingface", "{'eval_loss': 0.25, 'eval_f1': 0.8\n7}\n");
  EXPECT_THAT(all.points, IsEmpty());
  EXPECT_EQ(all.counters[0].rejected, 1u);
}

TEST(HuggingFacePresetTest, HostileBracesCostLinearTime) {
  std::string log;
  while (log.size() < 60'000) log += "{'a':";
  const Collected all = Capture("huggingface", log + "\n{'loss': 1}\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(1));
}

TEST(KeyValuePresetTest, EqualSignsAndColons) {
  const Collected all =
      Capture("key-value", "INFO step 3: loss=0.3 acc: 0.9, lr = 1e-05; f1:nan\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.300", "acc=0.900", "lr=0.000", "f1=nan"));
}

TEST(KeyValuePresetTest, StepAndEpochHoldForTheWholeLine) {
  const Collected all = Capture("key-value", "loss: 0.5 acc: 0.75 Epoch: 2/3 global_step=120\n");
  EXPECT_THAT(Show(all),
              ElementsAre("loss=0.500 step 120 epoch 2.0", "acc=0.750 step 120 epoch 2.0"));
}

TEST(KeyValuePresetTest, QuotesCallsAndProgressBars) {
  const Collected all = Capture("key-value",
                                "{'loss': '0.5', \"acc\": tensor(0.75)}\n"
                                "100%|###| 10/10 [00:01<00:00, 8.2it/s, loss=0.25]\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.500", "acc=0.750", "loss=0.250"));
}

TEST(KeyValuePresetTest, WhatIsNoNumberIsNoPair) {
  const Collected all =
      Capture("key-value",
              "Training: 45%|####| time: 12:30:45 date=2024-01-01 url: http://x.y/1\n"
              "took=3s a.b=nancy key: other=0.5 x:y:z=1\n");
  EXPECT_THAT(Show(all), ElementsAre("other=0.500", "z=1.000"));
  EXPECT_EQ(all.counters[0].rejected, 0u);
}

TEST(JsonLinesPresetTest, FlatObjectPerLine) {
  const Collected all = Capture("json-lines",
                                "{\"loss\": 0.5, \"step\": 3, \"epoch\": 1.5, \"note\": \"x\"}\n"
                                "  {\"acc\": \"0.75\", \"bad\": NaN, \"none\": null}\r\n");
  EXPECT_THAT(Show(all), ElementsAre("loss=0.500 step 3 epoch 1.5", "acc=0.750", "bad=nan"));
}

TEST(JsonLinesPresetTest, TimeKeyIsTheTimeOfItsPoints) {
  const Collected all =
      Capture("json-lines", "{\"time\": \"2026-11-23T09:06:00.250Z\", \"a\": 1}\n");
  EXPECT_EQ(all.points.at(0).time_ms, 1795424760250);
}

TEST(JsonLinesPresetTest, KeysMayHoldEscapes) {
  const Collected all =
      Capture("json-lines", R"({"a\"b": 1, "\u00e4": 2, "\ud83d\ude00": 3, "\ud83d": 4, "n\n": 5})"
                            "\n");
  ASSERT_EQ(all.points.size(), 4u);
  EXPECT_EQ(all.points[0].series, "a\"b");
  EXPECT_EQ(all.points[1].series, "ä");
  EXPECT_EQ(all.points[2].series, "\xF0\x9F\x98\x80");
  EXPECT_EQ(all.points[3].series, "\xEF\xBF\xBD");
  EXPECT_EQ(all.counters[0].rejected, 1u);  // a control character in a name
}

TEST(JsonLinesPresetTest, BrokenObjectIsRejectedOtherLinesAreNot) {
  const Collected all = Capture("json-lines", "hello\n{\n{\"a\": 1, \"b\n{\"a\": 1} tail\n");
  EXPECT_THAT(all.points, IsEmpty());
  EXPECT_EQ(all.counters[0].rejected, 2u);
}

TEST(PresetTest, NameOfADefinitionIsLeftToIt) {
  const Collected all = CollectWhole(*Rules({{"loss", "'loss': (.*?),"}}, "huggingface"),
                                     "{'loss': 0.5, 'acc': 0.75, 'epoch': 1}\n");
  EXPECT_THAT(ValuesOf(all, "loss"), ElementsAre(0.5));
  EXPECT_THAT(ValuesOf(all, "acc"), ElementsAre(0.75));
}

}  // namespace
}  // namespace xp::capture
