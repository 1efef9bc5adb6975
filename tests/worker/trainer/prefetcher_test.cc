// Batches are made in advance on a thread: in the plan's order; it ends whenever its owner does.
#include <gtest/gtest.h>

#include "worker/trainer/data/collate.h"

namespace xp::trainer {
namespace {

// Example i holds the token i, and i is its label.
Examples Numbered(uint32_t count) {
  Examples examples;
  for (uint32_t i = 0; i < count; ++i) examples.Add(std::vector<uint32_t>{i}, int32_t(i));
  return examples;
}

Batches OneEach(uint32_t count) {
  Batches batches;
  for (uint32_t i = 0; i < count; ++i) batches.push_back({count - 1 - i});
  return batches;
}

int64_t Label(const CollatedBatch& batch) { return batch.tensors.labels.item<int64_t>(); }

TEST(PrefetcherTest, GivesThePlansBatchesFromTheOneThatIsAskedFor) {
  const Examples examples = Numbered(40);
  Prefetcher prefetcher(&examples, OneEach(40), /*first=*/30, {});
  for (int64_t label = 9; label >= 0; --label) {
    const std::optional<CollatedBatch> batch = prefetcher.Next();
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(Label(*batch), label);
    EXPECT_EQ(batch->tensors.ids.item<int64_t>(), label);
    EXPECT_EQ(batch->real_tokens, 1);
  }
  EXPECT_FALSE(prefetcher.Next().has_value());
  EXPECT_FALSE(prefetcher.Next().has_value());
}

TEST(PrefetcherTest, BeginsAtTheEndOrBeyondWithNothing) {
  const Examples examples = Numbered(2);
  for (const size_t first : {2, 3}) {
    Prefetcher prefetcher(&examples, OneEach(2), first, {});
    EXPECT_FALSE(prefetcher.Next().has_value());
  }
}

TEST(PrefetcherTest, EndsWithItsOwnerWhetherItIsAheadOrNot) {
  const Examples examples = Numbered(100);
  for (int taken = 0; taken < 10; ++taken) {
    Prefetcher prefetcher(&examples, OneEach(100), 0, {});
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(prefetcher.Next().has_value());
  }
}

TEST(PrefetcherTest, WhatMakingABatchThrewComesWhenThatBatchIsAskedFor) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer ends the program where this expects an exception";
#endif
  const Examples examples = Numbered(3);
  CollateOptions options;
  options.pad_to = 1 << 20;
  Batches batches = OneEach(3);
  batches.emplace_back(1 << 24);  // 2^47 bytes: all addresses that a process has
  Prefetcher prefetcher(&examples, batches, 0, options);
  for (int64_t label = 2; label >= 0; --label) EXPECT_EQ(Label(*prefetcher.Next()), label);
  EXPECT_ANY_THROW(prefetcher.Next());
}

}  // namespace
}  // namespace xp::trainer
