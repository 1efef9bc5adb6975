#include "worker/trainer/train/evaluation.h"

#include <ATen/core/grad_mode.h>

#include <absl/strings/str_format.h>
#include <algorithm>

namespace xp::trainer {
namespace {

// Puts one batch's logits where their examples stand, and counts.
void Take(const at::Tensor& logits, const std::vector<uint32_t>& indices, const Examples& examples,
          Evaluation& into) {
  const auto classes = size_t(logits.size(1));
  const at::Tensor rows = logits.to(at::kCPU).contiguous();
  const float* from = rows.data_ptr<float>();
  for (size_t row = 0; row < indices.size(); ++row, from += classes) {
    std::copy_n(from, classes, into.logits.begin() + long(indices[row] * classes));
    const auto predicted = size_t(std::max_element(from, from + classes) - from);
    into.confusion.Add(size_t(examples.labels[indices[row]]), predicted);
  }
}

}  // namespace

absl::StatusOr<Evaluation> Evaluate(const Classifier& classifier, const Examples& examples,
                                    const EvaluationOptions& options) {
  const size_t classes = classifier.config().labels.size();
  Evaluation result;
  result.confusion = Confusion(classes);
  result.logits.resize(examples.size() * classes);
  const Batches batches = PlanEvaluation(Lengths(examples), options.batch_size);
  std::string what = "evaluating";
  double loss_sum = 0;
  uint64_t done = 0;
  absl::Status status = CatchTorch(what, [&]() -> absl::Status {
    const at::NoGradGuard no_grad;
    Prefetcher prefetcher(&examples, batches, 0, options.collate);
    for (const std::vector<uint32_t>& indices : batches) {
      if (options.stop != nullptr && options.stop->load()) {
        return absl::CancelledError("stopped while evaluating");
      }
      CollatedBatch made = *prefetcher.Next();
      const Batch batch = ToDevice(made.tensors, classifier.device());
      at::Tensor logits;
      {
        const Autocast autocast(classifier.device(), options.precision);
        logits = classifier.Forward(batch, Mode::kEvaluate);
      }
      loss_sum += CrossEntropy(logits, batch.labels).item<double>() * double(indices.size());
      Take(logits, indices, examples, result);
      done += indices.size();
      if (options.on_progress) options.on_progress(done);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  result.batches = batches.size();
  result.loss = examples.size() == 0 ? 0 : loss_sum / double(examples.size());
  return result;
}

}  // namespace xp::trainer
