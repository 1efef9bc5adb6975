#include "worker/trainer/data/collate.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace xp::trainer {

namespace {

// Of the batch that `indices` name, padded to `width`; every example has a token.
Packing MakePacking(const Examples& examples, std::span<const uint32_t> indices, int64_t width,
                    int64_t tokens) {
  Packing packing = {at::empty({tokens}, at::kLong),
                     at::empty({int64_t(indices.size())}, at::kLong)};
  int64_t* const rows = packing.rows.data_ptr<int64_t>();
  int64_t* const firsts = packing.firsts.data_ptr<int64_t>();
  int64_t made = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    firsts[i] = made;
    const auto length = int64_t(examples.Ids(indices[i]).size());
    std::iota(rows + made, rows + made + length, int64_t(i) * width);
    made += length;
  }
  return packing;
}

}  // namespace

std::vector<uint32_t> Lengths(const Examples& examples) {
  std::vector<uint32_t> lengths(examples.size());
  for (size_t i = 0; i < lengths.size(); ++i) lengths[i] = uint32_t(examples.Ids(i).size());
  return lengths;
}

CollatedBatch Collate(const Examples& examples, std::span<const uint32_t> indices,
                      const CollateOptions& options) {
  const auto batch = int64_t(indices.size());
  int64_t longest = 1, shortest = INT64_MAX;
  CollatedBatch made;
  for (const uint32_t index : indices) {
    const auto length = int64_t(examples.Ids(index).size());
    longest = std::max(longest, length);
    shortest = std::min(shortest, length);
    made.real_tokens += uint64_t(length);
  }
  int64_t width =
      (longest + options.pad_multiple - 1) / options.pad_multiple * options.pad_multiple;
  width = std::max(longest, std::min(width, options.max_width));
  if (options.pad_to > 0) width = std::max(longest, options.pad_to);
  made.computed_tokens = uint64_t(width * batch);
  const double padding = 1 - double(made.real_tokens) / double(made.computed_tokens);
  if (padding >= kSkippedShare && shortest > 0 && examples.mask.empty() && options.pad_to == 0) {
    made.tensors.packing = MakePacking(examples, indices, width, int64_t(made.real_tokens));
    made.computed_tokens = made.real_tokens;
  }
  made.tensors.ids = at::full({batch, width}, int64_t(options.pad_id), at::kLong);
  made.tensors.labels = at::empty({batch}, at::kLong);
  int64_t* const ids = made.tensors.ids.data_ptr<int64_t>();
  int64_t* const labels = made.tensors.labels.data_ptr<int64_t>();
  if (!examples.types.empty()) made.tensors.token_types = at::zeros({batch, width}, at::kLong);
  bool* mask = nullptr;
  if (shortest < width || !examples.mask.empty()) {  // without padding no mask is needed
    made.tensors.mask = at::zeros({batch, width}, at::kBool);
    mask = made.tensors.mask.data_ptr<bool>();
  }
  for (int64_t row = 0; row < batch; ++row) {
    const uint32_t index = indices[size_t(row)];
    const std::span<const uint32_t> from = examples.Ids(index);
    std::copy(from.begin(), from.end(), ids + row * width);
    if (mask != nullptr) std::fill_n(mask + row * width, from.size(), true);
    const auto start = long(examples.starts[index]);
    const auto end = start + long(from.size());
    if (!examples.mask.empty()) {
      std::transform(examples.mask.begin() + start, examples.mask.begin() + end, mask + row * width,
                     [](uint8_t counts) { return counts != 0; });
    }
    if (!examples.types.empty()) {
      std::copy(examples.types.begin() + start, examples.types.begin() + end,
                made.tensors.token_types.data_ptr<int64_t>() + row * width);
    }
    labels[row] = examples.labels[index];
  }
  if (options.memory == HostMemory::kPinned) {
    Batch& tensors = made.tensors;
    for (at::Tensor* tensor : {&tensors.ids, &tensors.mask, &tensors.token_types, &tensors.labels,
                               &tensors.packing.rows, &tensors.packing.firsts}) {
      if (tensor->defined()) *tensor = tensor->pin_memory();
    }
  }
  return made;
}

Batch ToDevice(const Batch& batch, at::Device device) {
  if (device.is_cpu()) return batch;
  const auto move = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.to(device, tensor.scalar_type(), /*non_blocking=*/true)
                            : tensor;
  };
  return {move(batch.ids),
          move(batch.mask),
          move(batch.token_types),
          move(batch.labels),
          {move(batch.packing.rows), move(batch.packing.firsts)}};
}

Prefetcher::Prefetcher(const Examples* examples, Batches batches, size_t first,
                       CollateOptions options)
    : examples_(examples),
      batches_(std::move(batches)),
      options_(options),
      first_(first),
      taken_(first),
      thread_([this] { Work(); }) {}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<CollatedBatch> Prefetcher::Next() {
  std::unique_lock lock(mutex_);
  if (taken_ >= batches_.size()) return std::nullopt;
  changed_.wait(lock, [&] { return !ready_.empty() || failed_ != nullptr; });
  if (ready_.empty()) std::rethrow_exception(failed_);
  CollatedBatch next = std::move(ready_.front());
  ready_.pop_front();
  ++taken_;
  lock.unlock();
  changed_.notify_all();
  return next;
}

void Prefetcher::Work() {
  for (size_t i = first_; i < batches_.size(); ++i) {
    CollatedBatch made;
    std::exception_ptr failed;
    try {
      made = Collate(*examples_, batches_[i], options_);
    } catch (...) {  // LibTorch out of memory: told to who asks for the batch
      failed = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    failed_ = failed;
    changed_.wait(lock, [&] { return stopping_ || ready_.size() < kAhead; });
    if (stopping_) return;
    if (!failed) ready_.push_back(std::move(made));
    lock.unlock();
    changed_.notify_all();
    if (failed) return;
  }
}

}  // namespace xp::trainer
