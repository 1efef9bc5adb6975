// Documents go to threads and come back as ids, in their order, and never all of them at once.
#include "worker/trainer/data/encode_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace xp::trainer {
namespace {

using testing::ElementsAre;
using testing::Lt;

// [UNK] is 0, "film" 1.
std::shared_ptr<const Tokenizer> TwoTokens() {
  TokenizerParts parts;
  parts.vocabulary.Set("[UNK]", 0);
  parts.vocabulary.Set("film", 1);
  parts.added_tokens.push_back({"[UNK]", 0, false, false, false, false, true});
  parts.wordpiece.emplace();
  parts.normalizer.emplace_back();
  parts.splitters.push_back(Splitter::kBert);
  return *Tokenizer::Create(std::move(parts));
}

// One training document, whose label is the block's number.
std::unique_ptr<EncodedBlock> Block(int number, int words = 1) {
  auto block = std::make_unique<EncodedBlock>();
  std::string text;
  for (int i = 0; i < words; ++i) text += "film ";
  block->documents.push_back({text, "", Split::kTrain});
  block->labels.push_back(number);
  return block;
}

TEST(EncodePoolTest, BlocksComeInTheirOrderHoweverLongEachTakes) {
  std::vector<int> came;
  EncodePool pool(TwoTokens(), {}, /*threads=*/4, [&](const EncodedBlock& block) {
    const int number = block.labels[0];
    EXPECT_EQ(block.train.Ids(0).size(), number % 7 == 0 ? 5000 : 1);
    EXPECT_EQ(block.train.labels, block.labels);
    came.push_back(number);
    return absl::OkStatus();
  });
  std::vector<int> sent;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(pool.Submit(Block(i, i % 7 == 0 ? 5000 : 1)).ok());
    sent.push_back(i);
  }
  ASSERT_TRUE(pool.Drain().ok());
  EXPECT_EQ(came, sent);
}

TEST(EncodePoolTest, WhatIsUnderWayIsBounded) {
  int came = 0;
  EncodePool pool(TwoTokens(), {}, /*threads=*/2, [&](const EncodedBlock&) {
    ++came;
    return absl::OkStatus();
  });
  for (int i = 1; i <= 50; ++i) {
    ASSERT_TRUE(pool.Submit(Block(i)).ok());
    EXPECT_THAT(i - came, Lt(2 * 4));
  }
  ASSERT_TRUE(pool.Drain().ok());
  EXPECT_EQ(came, 50);
}

TEST(EncodePoolTest, EachSplitHasItsOwnExamplesAndCounts) {
  auto block = std::make_unique<EncodedBlock>();
  block->documents = {{"film film film", "", Split::kTrain},
                      {"film \xff", "", Split::kTest},
                      {"film", "", Split::kTest}};
  block->labels = {5, 6, 7};
  EncodePool pool(TwoTokens(), {/*max_length=*/2}, /*threads=*/1, [](const EncodedBlock& done) {
    EXPECT_THAT(done.train.labels, ElementsAre(5));
    EXPECT_THAT(done.test.labels, ElementsAre(6, 7));
    EXPECT_THAT(done.train.ids, ElementsAre(1, 1));
    EXPECT_THAT(done.truncated, ElementsAre(1, 0));
    EXPECT_THAT(done.replaced, ElementsAre(0, 1));
    return absl::OkStatus();
  });
  ASSERT_TRUE(pool.Submit(std::move(block)).ok());
  ASSERT_TRUE(pool.Drain().ok());
}

TEST(EncodePoolTest, TheFirstErrorOfWhoTakesTheBlocksComesBackAndTheRestIsDropped) {
  int came = 0;
  EncodePool pool(TwoTokens(), {}, /*threads=*/2, [&](const EncodedBlock&) {
    return ++came < 3 ? absl::OkStatus() : absl::DataLossError("no third");
  });
  absl::Status status;
  for (int i = 0; i < 50 && status.ok(); ++i) status = pool.Submit(Block(i));
  EXPECT_EQ(status, absl::DataLossError("no third"));
  EXPECT_EQ(came, 3);
}  // the pool ends, with blocks under way

}  // namespace
}  // namespace xp::trainer
