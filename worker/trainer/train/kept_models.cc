#include "worker/trainer/train/kept_models.h"

#include "worker/trainer/files.h"
#include "worker/trainer/model/checkpoint.h"

namespace xp::trainer {

namespace fs = std::filesystem;

fs::path KeptModels::BestDir() const {
  return (options_.checkpoints.empty() ? options_.model_out : options_.checkpoints) / "best";
}

absl::Status KeptModels::AfterEvaluation(double loss, const Classifier& classifier,
                                         TrainState& state) const {
  if (state.best_epoch > 0 && !(loss < state.best_loss)) return absl::OkStatus();
  state.best_loss = loss;
  state.best_epoch = state.evaluated_epochs;
  // The last epoch's is the last model itself.
  if (options_.model_out.empty() || state.evaluated_epochs == last_epoch_) return absl::OkStatus();
  std::error_code error;
  fs::remove_all(BestDir(), error);  // it could be of another model, with other files
  return SaveModel(BestDir(), tokenizer_, classifier);
}

absl::Status KeptModels::AtTheEnd(const Classifier& classifier, const TrainState& state,
                                  std::ostream& err) const {
  if (options_.model_out.empty()) return absl::OkStatus();
  absl::Status status = SaveModel(options_.model_out, tokenizer_, classifier);
  const fs::path best = BestDir(), wanted = options_.model_out / "best";
  std::error_code error;
  const bool earlier = state.best_epoch > 0 && state.best_epoch < last_epoch_;
  if (!earlier || best != wanted) fs::remove_all(wanted, error);  // of an earlier epoch or run
  if (earlier && !fs::is_directory(best, error)) {
    err << "xptrain: the model of epoch " << state.best_epoch
        << ", of the lowest evaluation loss, is not at " << best.string()
        << ": the attempt that trained it kept none. The last model is in "
        << options_.model_out.string() << std::endl;
    return status;
  }
  if (!earlier || best == wanted) return status;
  for (const auto& file : fs::directory_iterator(best, error)) {
    if (!status.ok()) return status;
    status = CopyFile(file.path(), wanted / file.path().filename());
  }
  return status;
}

}  // namespace xp::trainer
