#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/runner/training_environment.h"

namespace xp::runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Build(const std::vector<std::string>& command,
                               const std::vector<Param>& params,
                               AppendParams append = AppendParams::kYes) {
  auto line = BuildCommandLine(command, params, append);
  EXPECT_TRUE(line.ok()) << line.status();
  return line.ok() ? line->argv : std::vector<std::string>{};
}

TEST(CommandLineTest, ParamsAreAppendedSortedByKey) {
  EXPECT_THAT(Build({"train"},
                    {{"model", ParamKind::kString, "bert"}, {"epochs", ParamKind::kNumber, "2"}}),
              ElementsAre("train", "--epochs", "2", "--model", "bert"));
}

TEST(CommandLineTest, AOneLetterKeyGetsOneDash) {
  EXPECT_THAT(Build({"train"}, {{"n", ParamKind::kNumber, "3"}}), ElementsAre("train", "-n", "3"));
}

TEST(CommandLineTest, NumbersKeepTheTextOfTheFile) {
  EXPECT_THAT(
      Build({"t"}, {{"lr", ParamKind::kNumber, "5e-5"}, {"wd", ParamKind::kNumber, "0.10"}}),
      ElementsAre("t", "--lr", "5e-5", "--wd", "0.10"));
}

TEST(CommandLineTest, BooleansAreWrittenAsPythonDoesAndNullIsLeftOut) {
  EXPECT_THAT(Build({"t"}, {{"no", ParamKind::kFalse, ""},
                            {"nothing", ParamKind::kNull, ""},
                            {"yes", ParamKind::kTrue, ""}}),
              ElementsAre("t", "--no", "False", "--yes", "True"));
}

TEST(CommandLineTest, ListsAndMapsAreJsonInOneWord) {
  EXPECT_THAT(Build({"t"}, {{"layers", ParamKind::kList, "[1, 2]"},
                            {"opt", ParamKind::kMap, R"({"a": "b c"})"}}),
              ElementsAre("t", "--layers", "[1, 2]", "--opt", R"({"a": "b c"})"));
}

TEST(CommandLineTest, APlacedParamIsNotAppended) {
  EXPECT_THAT(Build({"t", "--out={params.name}-{params.n}", "{params.name}"},
                    {{"name", ParamKind::kString, "x y"},
                     {"n", ParamKind::kNumber, "1"},
                     {"z", ParamKind::kNumber, "2"}}),
              ElementsAre("t", "--out=x y-1", "x y", "-z", "2"));
}

TEST(CommandLineTest, WhatIsPlacedIsNotLookedThroughAgain) {
  EXPECT_THAT(Build({"t", "{params.a}"},
                    {{"a", ParamKind::kString, "{params.b}"}, {"b", ParamKind::kString, "no"}}),
              ElementsAre("t", "{params.b}", "-b", "no"));
}

TEST(CommandLineTest, AppendingCanBeTurnedOff) {
  EXPECT_THAT(
      Build({"t", "{params.a}"}, {{"a", ParamKind::kNumber, "1"}, {"b", ParamKind::kTrue, ""}},
            AppendParams::kNo),
      ElementsAre("t", "1"));
}

TEST(CommandLineTest, OtherBracesAreLeftAlone) {
  EXPECT_THAT(
      Build({"t", "{}", "${HOME}", "{x}", "{params.", "{ params.a }", "{params.a"},
            {{"a", ParamKind::kNumber, "1"}}),
      ElementsAre("t", "{}", "${HOME}", "{x}", "{params.", "{ params.a }", "{params.a", "-a", "1"));
}

TEST(CommandLineTest, APlaceWithoutItsParamStaysAndIsSaid) {
  auto line = BuildCommandLine({"t", "{params.epoch}"}, {{"epochs", ParamKind::kNumber, "1"}},
                               AppendParams::kNo);
  ASSERT_TRUE(line.ok());
  EXPECT_THAT(line->argv, ElementsAre("t", "{params.epoch}"));
  EXPECT_THAT(line->notes, ElementsAre(HasSubstr("{params.epoch}")));
}

TEST(CommandLineTest, WhatWasAppendedIsToldApart) {
  auto line = BuildCommandLine({"t", "{params.a}"},
                               {{"a", ParamKind::kNumber, "1"}, {"bb", ParamKind::kNumber, "2"}},
                               AppendParams::kYes);
  ASSERT_TRUE(line.ok());
  EXPECT_THAT(line->appended, ElementsAre("--bb", "2"));
  EXPECT_THAT(line->notes, IsEmpty());
}

TEST(CommandLineTest, AnEmptyCommandIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(BuildCommandLine({}, {}, AppendParams::kYes).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(BuildCommandLine({""}, {}, AppendParams::kYes).status()));
}

TEST(CommandLineTest, NulBytesAreRefused) {
  const std::vector<Param> params = {{"a", ParamKind::kString, std::string("x\0y", 3)}};
  EXPECT_TRUE(
      absl::IsInvalidArgument(BuildCommandLine({"t"}, params, AppendParams::kYes).status()));
}

}  // namespace
}  // namespace xp::runner
