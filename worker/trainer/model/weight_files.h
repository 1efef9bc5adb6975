// All arrays of the files that hold a model folder's weights. No LibTorch here: pytorch_model.bin
// is read, never run. Pure functions, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <string>

#include "worker/trainer/model/safetensors.h"
#include "worker/trainer/model/weight_index.h"

namespace xp::trainer {

// Those of WeightFileName, whose path `source` gets. NOT_FOUND: none is there; INVALID_ARGUMENT: of
// another kind; DATA_LOSS: a damaged file, with the byte.
absl::StatusOr<ArrayFile> ReadWeightFiles(const std::filesystem::path& dir, std::string* source);

}  // namespace xp::trainer
