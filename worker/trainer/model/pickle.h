// Reads the pickle of a PyTorch state dict without running anything in it: only the opcodes and the
// few names that torch.save writes are known, all else is refused. Any thread.
#pragma once

#include <absl/status/statusor.h>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace xp::trainer {

// An array as the pickle describes it; its numbers lie in the archive's member data/KEY.
struct PickledTensor {
  std::string storage_type;  // "FloatStorage"
  std::string storage_key;   // "0"
  int64_t offset = 0;        // elements
  std::vector<int64_t> shape, stride;
};

// The tensors of the outermost dict, by name; what is no tensor is left out. DATA_LOSS and
// INVALID_ARGUMENT messages have the byte within the pickle.
absl::StatusOr<std::map<std::string, PickledTensor>> ReadPickledTensors(std::string_view pickle);

}  // namespace xp::trainer
