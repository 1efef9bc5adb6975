#include "server/backfill/definitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::backfill {
namespace {

using ::testing::StartsWith;

using Definitions = google::protobuf::RepeatedPtrField<v1::MetricDefinition>;

Definitions One(const std::string& name, const std::string& regex, v1::Goal goal) {
  Definitions definitions;
  v1::MetricDefinition* definition = definitions.Add();
  definition->set_name(name);
  definition->set_regex(regex);
  definition->set_goal(goal);
  return definitions;
}

TEST(DefinitionsTest, GoalsOfTheApiAreThoseOfCapture) {
  const auto rules =
      CompileDefinitions("definitions", "metrics_preset", One("a", "(x)", v1::GOAL_MAXIMIZE), "");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->goal(0), capture::Goal::kMax);
}

TEST(DefinitionsTest, MessageBeginsWithTheFieldsPath) {
  const std::string field = "trials[1].spec.metric_definitions";
  EXPECT_THAT(
      std::string(CheckDefinitions(field, "p", One("a", "x", v1::GOAL_MINIMIZE), "").message()),
      StartsWith("trials[1].spec.metric_definitions[0].regex: "));
  EXPECT_THAT(
      std::string(CheckDefinitions(field, "trials[1].spec.metrics_preset", {}, "keras").message()),
      StartsWith("trials[1].spec.metrics_preset: \"keras\" is no preset"));
  EXPECT_THAT(
      std::string(
          CheckDefinitions(field, "p", One("a", "(x)", static_cast<v1::Goal>(9)), "").message()),
      StartsWith("trials[1].spec.metric_definitions[0].goal: \"9\""));
}

TEST(DefinitionsTest, ReceiptTellsWhatTheRuleHasSeen) {
  capture::RuleCounters counters;
  counters.matches = 3;
  counters.numbers = 1;
  counters.rejected = 2;
  counters.last = {"loss=1", 7};
  counters.last_rejected = {"x", 9};
  counters.AddDroppedSeries("m1000");
  const v1::DefinitionReceipt receipt = MakeReceipt("loss", counters);
  EXPECT_EQ(receipt.name(), "loss");
  EXPECT_EQ(receipt.matches(), 3u);
  EXPECT_EQ(receipt.rejected(), 2u);
  EXPECT_EQ(receipt.last_sample(), "loss=1");
  EXPECT_EQ(receipt.rejected_sample(), "x");
  EXPECT_EQ(receipt.dropped_series(0), "m1000");
}

}  // namespace
}  // namespace xp::backfill
