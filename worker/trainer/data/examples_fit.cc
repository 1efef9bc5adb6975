#include "worker/trainer/data/examples_fit.h"

#include <absl/strings/str_format.h>
#include <algorithm>

namespace xp::trainer {
namespace {

absl::Status CheckExample(const Examples& examples, size_t i, const ModelConfig& config,
                          Labels labels) {
  const auto ids = examples.Ids(i);
  if (int64_t(ids.size()) > config.max_tokens()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "has %d tokens, the model takes %d: truncate to that (prepare --max-length)", ids.size(),
        config.max_tokens()));
  }
  const uint32_t id = ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end());
  if (int64_t(id) >= config.vocab_size) {
    return absl::InvalidArgumentError(
        absl::StrFormat("has token %d, the model's vocabulary %d tokens", id, config.vocab_size));
  }
  const int32_t label = examples.labels[i];
  if (labels == Labels::kRequired && (label < 0 || size_t(label) >= config.labels.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("has label %d, the model has %d labels", label, config.labels.size()));
  }
  if (examples.types.empty()) return absl::OkStatus();
  const auto types = examples.types.begin() + int64_t(examples.starts[i]);
  const uint8_t type = ids.empty() ? 0 : *std::max_element(types, types + int64_t(ids.size()));
  const int64_t known = std::max<int64_t>(config.type_vocab_size, 1);
  if (int64_t(type) < known) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("has token type %d, the model has %d", type, known));
}

}  // namespace

absl::Status CheckFit(const Examples& examples, const ModelConfig& config, Labels labels,
                      std::string_view which) {
  for (size_t i = 0; i < examples.size(); ++i) {
    const absl::Status status = CheckExample(examples, i, config, labels);
    if (status.ok()) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s%sexample %d %s", which, which.empty() ? "" : " ", i, std::string(status.message())));
  }
  return absl::OkStatus();
}

}  // namespace xp::trainer
