#include "worker/trainer/train/step_trace.h"

#include <nlohmann/json.hpp>

#include "worker/trainer/files.h"

namespace xp::trainer {

absl::Status StepTrace::Open(const std::filesystem::path& file) {
  if (file.empty()) return absl::OkStatus();
  file_ = file;
  out_.open(file, std::ios::binary | std::ios::trunc);
  return out_ ? absl::OkStatus() : ErrnoStatus("cannot write", file);
}

absl::Status StepTrace::Add(uint64_t step, const at::Tensor& loss, double learning_rate,
                            const at::Tensor& norm) {
  if (!out_.is_open()) return absl::OkStatus();
  const nlohmann::ordered_json line = {{"step", step},
                                       {"loss", double(loss.item<float>())},
                                       {"learning_rate", learning_rate},
                                       {"grad_norm", double(norm.item<float>())}};
  out_ << line.dump() << std::endl;
  return out_ ? absl::OkStatus() : ErrnoStatus("cannot write", file_);
}

}  // namespace xp::trainer
