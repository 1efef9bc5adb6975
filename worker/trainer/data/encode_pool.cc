#include "worker/trainer/data/encode_pool.h"

#include <new>
#include <system_error>
#include <utility>

namespace xp::trainer {

EncodePool::EncodePool(std::shared_ptr<const Tokenizer> tokenizer, EncodeOptions options,
                       int threads, OnBlock on_block)
    : tokenizer_(std::move(tokenizer)), options_(options), on_block_(std::move(on_block)) {
  threads_.reserve(size_t(threads));
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {  // ulimit -u, or a control group's limit
    if (threads_.empty()) throw;
  }
}

EncodePool::~EncodePool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status EncodePool::Submit(std::unique_ptr<EncodedBlock> block) {
  auto job = std::make_shared<Job>();
  job->block = std::move(block);
  in_order_.push_back(job);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  work_.notify_one();
  if (in_order_.size() < kBlocksPerThread * threads_.size()) return absl::OkStatus();
  return TakeFront();
}

absl::Status EncodePool::Drain() {
  while (!in_order_.empty()) {
    if (absl::Status status = TakeFront(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status EncodePool::TakeFront() {
  const std::shared_ptr<Job> job = std::move(in_order_.front());
  in_order_.pop_front();
  {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return job->done; });
  }
  return job->status.ok() ? on_block_(*job->block) : job->status;
}

void EncodePool::Encode(Encoder& encoder, EncodedBlock& block) const {
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < block.documents.size(); ++i) {
    Document& document = block.documents[i];
    const int split = document.split == Split::kTrain ? 0 : 1;
    ids.clear();
    const EncodeResult result = encoder.Encode(document.text, options_, ids);
    block.truncated[split] += result.truncated;
    block.replaced[split] += result.replaced_invalid_utf8;
    (split == 0 ? block.train : block.test).Add(ids, block.labels[i]);
    document.text = std::string();
  }
}

void EncodePool::Work() {
  Encoder encoder(tokenizer_);
  for (;;) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      Encode(encoder, *job->block);
    } catch (const std::bad_alloc&) {
      job->status = absl::ResourceExhaustedError("out of memory while tokenising");
    }
    {
      const std::lock_guard lock(mutex_);
      job->done = true;
    }
    finished_.notify_all();
  }
}

}  // namespace xp::trainer
