#include "server/rpc/compare_pages.h"

#include <gtest/gtest.h>

#include "proto/clock.h"

namespace xp::rpc {
namespace {

std::shared_ptr<const ComparePageRows> Table(size_t bytes) {
  auto table = std::make_shared<ComparePageRows>();
  table->rows.emplace_back(bytes, 'x');
  return table;
}

TEST(ComparePagesTest, WhatWasKeptIsFoundUntilNobodyAskedForAMinute) {
  ManualClock clock;
  ComparePages pages(clock);
  const uint64_t id = pages.Keep(Table(10));
  EXPECT_NE(id, 0u);
  clock.Advance(ComparePages::kKeptFor - absl::Seconds(1));
  EXPECT_NE(pages.Find(id), nullptr);
  clock.Advance(ComparePages::kKeptFor - absl::Seconds(1));
  EXPECT_NE(pages.Find(id), nullptr) << "it was asked for";
  clock.Advance(ComparePages::kKeptFor + absl::Seconds(1));
  EXPECT_EQ(pages.Find(id), nullptr);
  EXPECT_EQ(pages.Find(0), nullptr);
}

TEST(ComparePagesTest, TheOneAskedForLeastGoesWhenThereAreTooMany) {
  ManualClock clock;
  ComparePages pages(clock);
  const uint64_t first = pages.Keep(Table(1));
  const uint64_t second = pages.Keep(Table(1));
  for (size_t i = 2; i < ComparePages::kTablesMax; ++i) pages.Keep(Table(1));
  EXPECT_NE(pages.Find(first), nullptr);
  pages.Keep(Table(1));
  EXPECT_NE(pages.Find(first), nullptr);
  EXPECT_EQ(pages.Find(second), nullptr);
}

TEST(ComparePagesTest, BytesAreBoundedButTheNewestIsKept) {
  ManualClock clock;
  ComparePages pages(clock);
  const uint64_t small = pages.Keep(Table(ComparePages::kBytesMax / 2));
  const uint64_t large = pages.Keep(Table(ComparePages::kBytesMax));
  EXPECT_EQ(pages.Find(small), nullptr);
  EXPECT_NE(pages.Find(large), nullptr);
}

}  // namespace
}  // namespace xp::rpc
