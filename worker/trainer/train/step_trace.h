// The file of --trace: a JSON line after each step, in full precision. One owner. Needs LibTorch.
#pragma once

#include <ATen/ATen.h>
#include <absl/status/status.h>
#include <cstdint>
#include <filesystem>
#include <fstream>

namespace xp::trainer {

class StepTrace {
 public:
  // An empty `file` traces nothing. The codes of ErrnoStatus.
  absl::Status Open(const std::filesystem::path& file);

  // Waits for the device: loss and norm are numbers there.
  absl::Status Add(uint64_t step, const at::Tensor& loss, double learning_rate,
                   const at::Tensor& norm);

 private:
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace xp::trainer
