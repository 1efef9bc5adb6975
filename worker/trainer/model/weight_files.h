// Which files of a model folder hold its weights, and all of their arrays together. No LibTorch
// here: pytorch_model.bin is read, never run. Pure functions, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <string>

#include "worker/trainer/model/safetensors.h"

namespace xp::trainer {

// The file that counts: model.safetensors, model.safetensors.index.json, pytorch_model.bin,
// pytorch_model.bin.index.json, the first of these that is there; else empty.
std::string WeightFileName(const std::filesystem::path& dir);

// NOT_FOUND: none of them; DATA_LOSS: a damaged file, with the byte. `source` gets its path.
absl::StatusOr<ArrayFile> ReadWeightFiles(const std::filesystem::path& dir, std::string* source);

}  // namespace xp::trainer
