// The names of the files that hold a model's weights: the forms that there are, and what the index
// of weights in several files says. Pure functions, any thread.
#pragma once

#include <absl/status/statusor.h>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xp::trainer {

// In the order in which they count: of a folder the first that is there is read.
inline constexpr const char* kWeightFiles[] = {"model.safetensors", "model.safetensors.index.json",
                                               "pytorch_model.bin", "pytorch_model.bin.index.json"};

// The one of kWeightFiles in `dir` that counts; empty: there is none.
std::string WeightFileName(const std::filesystem::path& dir);

bool IsWeightIndex(const std::string& name);  // one of the two that name other files

// By array, the file beside `index` that holds it. DATA_LOSS: no "weight_map", or something in it
// that is no file's name beside it; else ReadJson's codes. Messages name the file.
absl::StatusOr<std::map<std::string, std::string>> ReadWeightMap(
    const std::filesystem::path& index);

// All files of `dir` that make up the weights that count: one, or an index and what it names, each
// once. Empty: there are none. Errors as ReadWeightMap.
absl::StatusOr<std::vector<std::string>> WeightFilesOf(const std::filesystem::path& dir);

}  // namespace xp::trainer
