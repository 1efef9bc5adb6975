#include "server/core/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xp::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr AttemptStart kFresh = AttemptStart::kFresh;
constexpr AttemptStart kResumed = AttemptStart::kResumed;

AttemptSeries Steps(int32_t attempt, AttemptStart start, int64_t first) {
  return {attempt, start, 10, first, std::nullopt};
}
AttemptSeries Epochs(int32_t attempt, AttemptStart start, double first) {
  return {attempt, start, 10, std::nullopt, first};
}
AttemptSeries Silent(int32_t attempt, AttemptStart start) {
  return {attempt, start, 0, std::nullopt, std::nullopt};
}
AttemptSeries Unnumbered(int32_t attempt, AttemptStart start) {
  return {attempt, start, 10, std::nullopt, std::nullopt};
}
SeriesPart Whole(int32_t attempt) { return {attempt, {}}; }
SeriesPart BelowStep(int32_t attempt, int64_t step) {
  return {attempt, {PointCut::By::kStep, step, 0}};
}
SeriesPart BelowEpoch(int32_t attempt, double epoch) {
  return {attempt, {PointCut::By::kEpoch, 0, epoch}};
}

TEST(ResumeTest, TheLatestAttemptCounts) {
  const SeriesView view = ChooseAttempts({Steps(1, kFresh, 10), Steps(2, kFresh, 10)});
  EXPECT_THAT(view.parts, ElementsAre(Whole(2)));
  EXPECT_EQ(view.shown_attempt(), 2);
  EXPECT_EQ(view.awaited_attempt, 0);
  EXPECT_FALSE(view.continues());
}

TEST(ResumeTest, UntilItsFirstPointThePredecessorIsShownAndMarked) {
  const SeriesView view = ChooseAttempts({Steps(1, kFresh, 10), Silent(2, kFresh)});
  EXPECT_THAT(view.parts, ElementsAre(Whole(1)));
  EXPECT_EQ(view.awaited_attempt, 2);
}

TEST(ResumeTest, NoPointAnywhereShowsNothing) {
  EXPECT_THAT(ChooseAttempts({}).parts, IsEmpty());
  const SeriesView view = ChooseAttempts({Silent(1, kFresh), Silent(2, kResumed)});
  EXPECT_THAT(view.parts, IsEmpty());
  EXPECT_EQ(view.awaited_attempt, 2);
  EXPECT_EQ(view.shown_attempt(), 0);
}

TEST(ResumeTest, AResumedAttemptContinuesBelowItsFirstStep) {
  const SeriesView view = ChooseAttempts({Steps(1, kFresh, 10), Steps(2, kResumed, 500)});
  EXPECT_THAT(view.parts, ElementsAre(BelowStep(1, 500), Whole(2)));
  EXPECT_TRUE(view.continues());
}

TEST(ResumeTest, WithoutPrintedStepsTheEpochCuts) {
  EXPECT_THAT(ChooseAttempts({Epochs(1, kFresh, 1), Epochs(2, kResumed, 3)}).parts,
              ElementsAre(BelowEpoch(1, 3), Whole(2)));
}

TEST(ResumeTest, StepBeforeEpochWhereBothArePrinted) {
  AttemptSeries first = Steps(1, kFresh, 10);
  first.first_epoch = 0.1;
  AttemptSeries second = Steps(2, kResumed, 500);
  second.first_epoch = 5;
  EXPECT_THAT(ChooseAttempts({first, second}).parts, ElementsAre(BelowStep(1, 500), Whole(2)));
  first.first_printed_step.reset();
  EXPECT_THAT(ChooseAttempts({first, second}).parts, ElementsAre(BelowEpoch(1, 5), Whole(2)));
}

TEST(ResumeTest, WithoutPrintedStepOrEpochNothingContinues) {
  EXPECT_THAT(ChooseAttempts({Unnumbered(1, kFresh), Unnumbered(2, kResumed)}).parts,
              ElementsAre(Whole(2)));
  EXPECT_THAT(ChooseAttempts({Unnumbered(1, kFresh), Steps(2, kResumed, 5)}).parts,
              ElementsAre(Whole(2)));
  EXPECT_THAT(ChooseAttempts({Steps(1, kFresh, 5), Unnumbered(2, kResumed)}).parts,
              ElementsAre(Whole(2)));
}

TEST(ResumeTest, AChainGoesBackToTheAttemptThatBeganAnew) {
  EXPECT_THAT(ChooseAttempts({Steps(1, kFresh, 1), Steps(2, kFresh, 1), Steps(3, kResumed, 100),
                              Steps(4, kResumed, 250)})
                  .parts,
              ElementsAre(BelowStep(2, 100), BelowStep(3, 250), Whole(4)));
}

TEST(ResumeTest, ALaterResumeFromAnEarlierStepCutsAllBeforeIt) {
  EXPECT_THAT(
      ChooseAttempts({Steps(1, kFresh, 1), Steps(2, kResumed, 100), Steps(3, kResumed, 50)}).parts,
      ElementsAre(BelowStep(1, 50), BelowStep(2, 50), Whole(3)));
}

TEST(ResumeTest, AnAttemptWithoutPointsIsNoGapInTheChain) {
  EXPECT_THAT(
      ChooseAttempts({Steps(1, kFresh, 1), Silent(2, kResumed), Steps(3, kResumed, 50)}).parts,
      ElementsAre(BelowStep(1, 50), Whole(3)));
  EXPECT_THAT(
      ChooseAttempts({Steps(1, kFresh, 1), Silent(2, kFresh), Steps(3, kResumed, 50)}).parts,
      ElementsAre(Whole(3)))
      << "attempt 2 began anew, so 3 continues nothing of 1";
}

TEST(ResumeTest, AShownPredecessorKeepsItsOwnPredecessors) {
  const SeriesView view =
      ChooseAttempts({Steps(1, kFresh, 1), Steps(2, kResumed, 100), Silent(3, kResumed)});
  EXPECT_THAT(view.parts, ElementsAre(BelowStep(1, 100), Whole(2)));
  EXPECT_EQ(view.awaited_attempt, 3);
}

TEST(ResumeTest, TheCutLooksAtPrintedStepsOnly) {
  MetricPoint point;
  point.step = 5;
  const PointCut by_step{PointCut::By::kStep, 10, 0};
  EXPECT_FALSE(by_step.Counts(point)) << "its step was numbered by the server";
  point.step_printed = true;
  EXPECT_TRUE(by_step.Counts(point));
  point.step = 10;
  EXPECT_FALSE(by_step.Counts(point));
  const PointCut by_epoch{PointCut::By::kEpoch, 0, 2};
  EXPECT_FALSE(by_epoch.Counts(point));
  point.epoch = 1.5;
  EXPECT_TRUE(by_epoch.Counts(point));
  EXPECT_TRUE(PointCut{}.Counts(point));
}

}  // namespace
}  // namespace xp::core
