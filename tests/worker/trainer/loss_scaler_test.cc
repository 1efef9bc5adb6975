#include "worker/trainer/train/loss_scaler.h"

#include <gtest/gtest.h>

namespace xp::trainer {
namespace {

TEST(LossScalerTest, HalvesOnOverflowAndDoublesAfterTwoThousandGoodSteps) {
  LossScaler scaler(LossScaler::Use::kOn, 65536);
  scaler.Update(LossScaler::Gradients::kNotFinite);
  EXPECT_EQ(scaler.scale(), 32768);
  EXPECT_EQ(scaler.state().skipped, 1u);
  for (uint64_t i = 1; i < LossScaler::kGrowthInterval; ++i) {
    scaler.Update(LossScaler::Gradients::kFinite);
  }
  EXPECT_EQ(scaler.scale(), 32768);
  scaler.Update(LossScaler::Gradients::kFinite);
  EXPECT_EQ(scaler.scale(), 65536);
  scaler.Update(LossScaler::Gradients::kNotFinite);
  EXPECT_EQ(scaler.state().good_steps, 0u);
}

TEST(LossScalerTest, OffItMultipliesByOneForEver) {
  LossScaler scaler(LossScaler::Use::kOff, 65536);
  scaler.Update(LossScaler::Gradients::kNotFinite);
  EXPECT_EQ(scaler.scale(), 1);
  EXPECT_EQ(scaler.state().skipped, 0u);
}

}  // namespace
}  // namespace xp::trainer
