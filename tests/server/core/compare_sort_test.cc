#include "server/core/compare_sort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/server/core/compare_fixture.h"

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// d has only NaN, e nothing at all.
std::vector<CompareTrial> Five() {
  std::vector<CompareTrial> trials = {
      MakeTrial("c", {{"f1", SummaryOf({2, 9})}, {"loss", SummaryOf({3})}}),
      MakeTrial("a", {{"f1", SummaryOf({7, 1})}, {"loss", SummaryOf({1})}}),
      MakeTrial("b", {{"f1", SummaryOf({5.5, 5.5})}, {"loss", SummaryOf({2})}}),
      MakeTrial("d", {{"f1", SummaryOf({std::nan("")})}}), MakeTrial("e")};
  const char* rates[] = {"1e-3", "5e-5", "0.01", "auto"};
  for (size_t i = 0; i < 4; ++i) trials[i].params = {{"lr", rates[i]}};
  trials[4].state = TrialState::kQueued;
  trials[2].tags["team"] = "x";
  return trials;
}

std::vector<std::string> Sorted(const std::string& sort, const std::string& rank_by = "") {
  const auto table = CompareTrials(Five(), {.sort = sort, .rank_by = rank_by});
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? Labels(*table) : std::vector<std::string>{};
}

TEST(CompareSortTest, WithoutAKeyAsSubmitted) {
  EXPECT_THAT(Sorted(""), ElementsAre("c", "a", "b", "d", "e"));
}

TEST(CompareSortTest, ByNameAndTurnedRound) {
  EXPECT_THAT(Sorted("name"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Sorted("-name"), ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_THAT(Sorted("-submitted"), ElementsAre("e", "d", "b", "a", "c"));
}

TEST(CompareSortTest, MissingValuesAreLastInBothDirections) {
  EXPECT_THAT(Sorted("f1:last"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Sorted("-f1:last"), ElementsAre("c", "b", "a", "d", "e"));
}

TEST(CompareSortTest, TiesKeepTheOrderOfSubmission) {
  EXPECT_THAT(Sorted("f1"), ElementsAre("a", "c", "b", "d", "e")) << "4, then 5.5 twice";
  EXPECT_THAT(Sorted("-f1"), ElementsAre("c", "b", "a", "d", "e"));
}

TEST(CompareSortTest, ParamsSortAsNumbersThenAsText) {
  EXPECT_THAT(Sorted("lr"), ElementsAre("a", "c", "b", "d", "e"));
  EXPECT_THAT(Sorted("params.lr"), ElementsAre("a", "c", "b", "d", "e"));
  EXPECT_THAT(Sorted("tags.team"), ElementsAre("b", "c", "a", "d", "e"));
}

TEST(CompareSortTest, ByState) {
  EXPECT_THAT(Sorted("state"), ElementsAre("e", "c", "a", "b", "d"));
}

TEST(CompareSortTest, RankByPutsTheBestFirst) {
  EXPECT_THAT(Sorted("", "loss"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Sorted("", "f1:last"), ElementsAre("c", "b", "a", "d", "e"));
  EXPECT_THAT(Sorted("name", "f1:last"), ElementsAre("a", "b", "c", "d", "e")) << "sort goes first";
}

TEST(CompareSortTest, AnUnknownRankByIsANoteAnUnknownSortAnError) {
  const auto table = CompareTrials(Five(), {.rank_by = "bleu"});
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->notes, ::testing::Contains(HasSubstr("rank_by: no trial has 'bleu'")));
  const auto error = CompareTrials(Five(), {.sort = "-f2:last"});
  EXPECT_EQ(error.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(error.status().message()),
              AllOf(HasSubstr("sort: 'f2:last'"), HasSubstr("f1, loss"), HasSubstr("lr")));
  EXPECT_FALSE(CompareTrials(Five(), {.sort = "-"}).ok());
}

TEST(CompareSortTest, NothingToSort) {
  std::vector<CompareRow> rows;
  std::vector<std::string> notes;
  EXPECT_TRUE(SortRows(CompareInput({}, {}), {.sort = "name"}, rows, notes).ok());
  EXPECT_THAT(notes, IsEmpty());
}

}  // namespace
}  // namespace xp::core
