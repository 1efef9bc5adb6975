// Documents to ids on several threads, in the order of the documents. One owner; its threads end
// with it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "worker/trainer/data/document.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/tokenizer/tokenizer.h"

namespace xp::trainer {

struct EncodedBlock {
  std::vector<Document> documents;  // the text may be given back empty
  std::vector<int32_t> labels;      // by document
  Examples train, test;
  uint64_t truncated[2] = {0, 0};  // by split
  uint64_t replaced[2] = {0, 0};   // documents that were not UTF-8
};

class EncodePool {
 public:
  using OnBlock = std::function<absl::Status(const EncodedBlock&)>;

  // As many threads as the system gives, of those asked for. std::system_error: it gives none.
  EncodePool(std::shared_ptr<const Tokenizer> tokenizer, EncodeOptions options, int threads,
             OnBlock on_block);
  ~EncodePool();
  EncodePool(const EncodePool&) = delete;
  EncodePool& operator=(const EncodePool&) = delete;

  // Waits while kBlocksPerThread blocks a thread are under way, so memory stays bounded. Returns
  // what on_block returned; RESOURCE_EXHAUSTED: a thread had not the memory for a block.
  absl::Status Submit(std::unique_ptr<EncodedBlock> block);
  // Waits for all, in order.
  absl::Status Drain();

 private:
  static constexpr size_t kBlocksPerThread = 4;
  struct Job {
    std::unique_ptr<EncodedBlock> block;
    absl::Status status;  // RESOURCE_EXHAUSTED: it took more memory than there is
    bool done = false;    // guarded by mutex_; after it status and block are the owner's
  };

  void Work();
  void Encode(Encoder& encoder, EncodedBlock& block) const;
  absl::Status TakeFront();

  const std::shared_ptr<const Tokenizer> tokenizer_;
  const EncodeOptions options_;
  const OnBlock on_block_;

  std::deque<std::shared_ptr<Job>> in_order_;  // the owner's only

  std::mutex mutex_;
  std::condition_variable work_, finished_;
  std::deque<std::shared_ptr<Job>> queue_;  // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_

  std::vector<std::thread> threads_;
};

}  // namespace xp::trainer
