#include "client/xpctl/export_frame.h"

#include <gtest/gtest.h>

namespace xp::xpctl {
namespace {

FrameSource OneTrial() {
  FrameSource source;
  source.comparison.add_columns()->set_metric("test:f1");
  v1::CompareRow& row = *source.comparison.add_rows();
  row.set_name("e/t");
  row.set_experiment("e");
  row.set_trial("t");
  row.set_state("COMPLETED");
  row.set_attempt(1);
  row.set_worker("w");
  row.mutable_create_time()->set_seconds(1'800'000'000);
  row.mutable_create_time()->set_nanos(250'000'000);
  for (const auto& [name, value] : {std::pair{"model_name", "distilbert"},
                                    {"epochs", "2"},
                                    {"lr", "5e-5"},
                                    {"State", "mine"}}) {
    v1::NameValue& param = *row.add_params();
    param.set_name(name);
    param.set_value(value);
  }
  v1::CompareCell& cell = *row.add_cells();
  cell.set_present(true);
  cell.mutable_summary()->set_count(2);
  cell.mutable_summary()->set_avg(0.925829);
  cell.mutable_summary()->set_stddev(0.0269);
  source.inputs["e/t"].emplace_back().set_name("train");
  source.inputs["e/t"].back().set_dataset("imdb@1");
  source.outputs["e/t"].emplace_back().set_path("model");
  source.outputs["e/t"].back().set_attempt(1);
  source.outputs["e/t"].emplace_back().set_path("environment");
  return source;
}

TEST(ExportFrameTest, ColumnsAreSageMakersInTheirOrderThenOurs) {
  const Frame frame = MakeFrame(OneTrial());
  std::vector<std::string> names;
  for (const Column& column : frame.table.columns) names.push_back(column.name);
  EXPECT_EQ(names, (std::vector<std::string>{"TrialComponentName",
                                             "DisplayName",
                                             "params.State",
                                             "epochs",
                                             "lr",
                                             "model_name",
                                             "test:f1 - Min",
                                             "test:f1 - Max",
                                             "test:f1 - Avg",
                                             "test:f1 - StdDev",
                                             "test:f1 - Last",
                                             "test:f1 - Count",
                                             "train - MediaType",
                                             "train - Value",
                                             "SageMaker.ModelArtifact - MediaType",
                                             "SageMaker.ModelArtifact - Value",
                                             "Trials",
                                             "Experiments",
                                             "State",
                                             "Reason",
                                             "CreateTime",
                                             "StartTime",
                                             "EndTime",
                                             "Worker",
                                             "Attempt"}));
}

TEST(ExportFrameTest, ValuesKeepTheirKind) {
  const Frame frame = MakeFrame(OneTrial());
  const auto& record = frame.records[0];
  EXPECT_EQ(record["TrialComponentName"], "e-t");
  EXPECT_EQ(record["epochs"], 2);
  EXPECT_EQ(record["lr"], 5e-5);
  EXPECT_EQ(record["model_name"], "distilbert");
  EXPECT_EQ(record["params.State"], "mine");
  EXPECT_EQ(record["test:f1 - Avg"], 0.925829);
  EXPECT_EQ(record["test:f1 - Count"], 2);
  EXPECT_EQ(record["train - Value"], "dataset:imdb@1");
  EXPECT_EQ(record["SageMaker.ModelArtifact - Value"], "xp://e/t/1/model");
  EXPECT_TRUE(record["StartTime"].is_null());
  EXPECT_EQ(record["CreateTime"], "2027-01-15T08:00:00.250Z");
  EXPECT_NE(RenderCsv(frame.table).find(",['t'],['e'],COMPLETED,,2027"), std::string::npos);
}

TEST(ExportFrameTest, NewestChangedStandsFirst) {
  FrameSource source;
  for (const auto& [name, seconds] : {std::pair{"a", 10}, {"b", 30}, {"c", 30}}) {
    v1::CompareRow& row = *source.comparison.add_rows();
    row.set_trial(name);
    row.mutable_create_time()->set_seconds(seconds);
  }
  source.comparison.mutable_rows(0)->mutable_end_time()->set_seconds(99);
  const Frame frame = MakeFrame(source);
  EXPECT_EQ(frame.records[0]["DisplayName"], "a");
  EXPECT_EQ(frame.records[1]["DisplayName"], "c");
  EXPECT_EQ(frame.records[2]["DisplayName"], "b");
}

}  // namespace
}  // namespace xp::xpctl
