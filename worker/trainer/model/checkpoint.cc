#include "worker/trainer/model/checkpoint.h"

#include <ATen/core/grad_mode.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "worker/trainer/files.h"
#include "worker/trainer/model/weight_files.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

at::ScalarType ScalarTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return at::kDouble;
    case DType::kF32:
      return at::kFloat;
    case DType::kF16:
      return at::kHalf;
    case DType::kBF16:
      return at::kBFloat16;
    case DType::kI64:
      return at::kLong;
    case DType::kI32:
      return at::kInt;
    case DType::kI16:
      return at::kShort;
    case DType::kI8:
      return at::kChar;
    case DType::kU8:
      return at::kByte;
    case DType::kBool:
      return at::kBool;
  }
  return at::kFloat;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

// Names in checkpoints differ: bare encoders have no prefix, and BERT's first release called a
// norm's arrays gamma and beta.
const ArrayView* FindArray(const ArrayFile& file, const std::string& name,
                           const std::string& encoder_prefix, std::string* found_as) {
  std::vector<std::string> spellings = {name};
  if (name.starts_with(encoder_prefix)) spellings.push_back(name.substr(encoder_prefix.size()));
  const size_t plain = spellings.size();
  for (size_t i = 0; i < plain; ++i) {
    std::string old = spellings[i];
    const auto replace = [&](const std::string& ending, const std::string& with) {
      if (!old.ends_with(ending)) return;
      spellings.push_back(old.substr(0, old.size() - ending.size()) + with);
    };
    replace("LayerNorm.weight", "LayerNorm.gamma");
    replace("LayerNorm.bias", "LayerNorm.beta");
  }
  for (const std::string& spelling : spellings) {
    const auto it = file.arrays.find(spelling);
    if (it == file.arrays.end()) continue;
    *found_as = spelling;
    return &it->second;
  }
  return nullptr;
}

std::vector<int64_t> PartShape(const Parameter& parameter, const ParameterPart& part) {
  std::vector<int64_t> shape = parameter.value.sizes().vec();
  shape[0] = part.rows;
  return shape;
}

absl::Status CopyPart(const Parameter& parameter, const ParameterPart& part, const ArrayView& array,
                      at::Tensor value) {
  const std::vector<int64_t> wanted = PartShape(parameter, part);
  if (array.shape != wanted) {
    return absl::InvalidArgumentError(absl::StrFormat("%s has the shape %s, the model's is %s",
                                                      part.name, ShapeText(array.shape),
                                                      ShapeText(wanted)));
  }
  const at::NoGradGuard no_grad;
  value.detach().slice(0, part.row, part.row + part.rows).copy_(ToTensor(array));
  return absl::OkStatus();
}

std::string Listed(const std::vector<std::string>& problems) {
  constexpr size_t kShown = 8;
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kShown); ++i) text += "\n  " + problems[i];
  if (problems.size() > kShown) {
    text += absl::StrFormat("\n  and %d more", problems.size() - kShown);
  }
  return text;
}

}  // namespace

at::Tensor ToTensor(const ArrayView& array) {
  at::Tensor tensor = at::empty(array.shape, ScalarTypeOf(array.dtype));
  if (array.bytes > 0) std::memcpy(tensor.data_ptr(), array.data, array.bytes);
  return tensor.to(at::kFloat);
}

absl::StatusOr<LoadReport> LoadWeights(const fs::path& dir, HeadPolicy policy,
                                       Classifier& classifier) {
  LoadReport report;
  absl::StatusOr<ArrayFile> file = ReadWeightFiles(dir, &report.source);
  if (!file.ok()) return file.status();
  const std::string prefix = EncoderPrefix(classifier.config().type);
  std::vector<std::string> problems;
  std::set<std::string> used;
  for (Parameter& parameter : classifier.parameters()) {
    for (const ParameterPart& part : parameter.parts) {
      std::string found_as;
      const ArrayView* array = FindArray(*file, part.name, prefix, &found_as);
      if (array == nullptr) {
        const bool head = !part.name.starts_with(prefix) || part.name.starts_with("bert.pooler.");
        if (head && policy == HeadPolicy::kMayBeNew) {
          report.missing.push_back(part.name);
        } else {
          problems.push_back(part.name + " is missing");
        }
        continue;
      }
      used.insert(found_as);
      absl::Status status = CopyPart(parameter, part, *array, parameter.value);
      if (!status.ok()) problems.emplace_back(status.message());
    }
  }
  for (const auto& [name, array] : file->arrays) {
    if (!used.contains(name) && !name.ends_with("position_ids")) report.extra.push_back(name);
  }
  if (problems.empty()) return report;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s does not fit config.json:%s", report.source, Listed(problems)));
}

void AppendParts(const Parameter& parameter, const at::Tensor& value, const std::string& prefix,
                 std::vector<at::Tensor>& kept, std::vector<NamedArray>& arrays) {
  kept.push_back(value.detach().to(at::kCPU, at::kFloat).contiguous());
  const at::Tensor& array = kept.back();
  const int64_t row_bytes = array.size(0) == 0 ? 0 : array.numel() / array.size(0) * 4;
  for (const ParameterPart& part : parameter.parts) {
    ArrayView view;
    view.dtype = DType::kF32;
    view.shape = PartShape(parameter, part);
    view.data = static_cast<const char*>(array.data_ptr()) + part.row * row_bytes;
    view.bytes = uint64_t(part.rows * row_bytes);
    arrays.push_back({prefix + part.name, std::move(view)});
  }
}

absl::Status CopyParts(const Parameter& parameter, const ArrayFile& file, const std::string& prefix,
                       at::Tensor value) {
  for (const ParameterPart& part : parameter.parts) {
    const auto it = file.arrays.find(prefix + part.name);
    if (it == file.arrays.end()) {
      return absl::InvalidArgumentError(prefix + part.name + " is missing");
    }
    absl::Status status = CopyPart(parameter, part, it->second, value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckFinite(const Classifier& classifier) {
  for (const Parameter& parameter : classifier.parameters()) {
    if (at::isfinite(parameter.value.detach()).all().item<bool>()) continue;
    return absl::AbortedError(parameter.parts.front().name +
                              " holds numbers that are not finite; a lower --learning_rate or more "
                              "--warmup_steps may help");
  }
  return absl::OkStatus();
}

absl::Status SaveModel(const fs::path& dir, const TokenizerCopy& tokenizer,
                       const Classifier& classifier) {
  if (absl::Status status = CheckFinite(classifier); !status.ok()) return status;
  std::vector<at::Tensor> kept;
  std::vector<NamedArray> arrays;
  for (const Parameter& parameter : classifier.parameters()) {
    AppendParts(parameter, parameter.value, "", kept, arrays);
  }
  absl::Status status = WriteSafetensors(dir / "model.safetensors", arrays);
  if (status.ok()) status = WriteFile(dir / "config.json", ModelConfigJson(classifier.config()));
  return status.ok() ? WriteTokenizerCopy(tokenizer, dir) : status;
}

bool HasWeights(const fs::path& dir) { return !WeightFileName(dir).empty(); }

}  // namespace xp::trainer
