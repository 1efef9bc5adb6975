// A classifier's arrays from and to a Hugging Face model folder. Needs LibTorch. One owner.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <filesystem>
#include <string>
#include <vector>

#include "worker/trainer/model/classifier.h"
#include "worker/trainer/model/safetensors.h"
#include "worker/trainer/tokenizer/tokenizer_copy.h"

namespace xp::trainer {

struct LoadReport {
  std::string source;                // the file read; empty: none there, all from scratch
  std::vector<std::string> missing;  // of the classifier's head: these stay as initialised
  std::vector<std::string> extra;    // in the file, not in the model: a language model's head, say
};

enum class HeadPolicy {
  kMayBeNew,  // a bare encoder gets a new head: for training
  kMustBeThere,
};

// Finds model.safetensors, its index of several, or pytorch_model.bin. NOT_FOUND: no weights;
// INVALID_ARGUMENT: arrays of the encoder are missing, or one has another shape (each is named);
// DATA_LOSS: a damaged file.
absl::StatusOr<LoadReport> LoadWeights(const std::filesystem::path& dir, HeadPolicy policy,
                                       Classifier& classifier);

bool HasWeights(const std::filesystem::path& dir);

// ABORTED names the first array with a number that is not finite.
absl::Status CheckFinite(const Classifier& classifier);

// config.json, model.safetensors and the tokenizer's files, as transformers writes them; those of
// another model's tokenizer go. ABORTED, with nothing written: CheckFinite's.
absl::Status SaveModel(const std::filesystem::path& dir, const TokenizerCopy& tokenizer,
                       const Classifier& classifier);

// For a parameter-shaped array (a weight, its gradient, a moment): its parts under their names,
// prefixed. The views live as long as `kept`, which takes the memory.
void AppendParts(const Parameter& parameter, const at::Tensor& value, const std::string& prefix,
                 std::vector<at::Tensor>& kept, std::vector<NamedArray>& arrays);

// The other way: copies the parts found in `file` into `value`. INVALID_ARGUMENT names the first
// that is missing or has another shape.
absl::Status CopyParts(const Parameter& parameter, const ArrayFile& file, const std::string& prefix,
                       at::Tensor value);

// An array of a file as a float32 tensor of its own on the CPU; any of the file's number types.
at::Tensor ToTensor(const ArrayView& array);

}  // namespace xp::trainer
