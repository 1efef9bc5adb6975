#include "worker/trainer/train/trainer.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "worker/trainer/data/collate.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/checkpoint.h"
#include "worker/trainer/train/adamw.h"
#include "worker/trainer/train/evaluation.h"
#include "worker/trainer/train/log_lines.h"
#include "worker/trainer/train/metrics.h"
#include "worker/trainer/train/results.h"
#include "worker/trainer/train/setup.h"
#include "worker/trainer/train/train_state.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<std::pair<std::string, double>>;

// On a GPU a loss is looked at this many steps late: asking each time would stop its pipeline.
constexpr size_t kGpuLossDelay = 16;

std::vector<uint32_t> Lengths(const Examples& examples) {
  std::vector<uint32_t> lengths(examples.size());
  for (size_t i = 0; i < lengths.size(); ++i) lengths[i] = uint32_t(examples.Ids(i).size());
  return lengths;
}

class Run {
 public:
  Run(const TrainOptions& options, const RunEnvironment& environment, TrainSetup setup)
      : options_(options),
        environment_(environment),
        setup_(std::move(setup)),
        lengths_(Lengths(setup_.train)),
        batches_per_epoch_((setup_.train.size() + options.train_batch_size - 1) /
                           options.train_batch_size),
        steps_per_epoch_((batches_per_epoch_ + options.gradient_accumulation_steps - 1) /
                         options.gradient_accumulation_steps),
        total_steps_(options.max_steps > 0 ? options.max_steps : steps_per_epoch_ * options.epochs),
        epochs_((total_steps_ + steps_per_epoch_ - 1) / steps_per_epoch_),
        warmup_(options.warmup_steps > 0
                    ? options.warmup_steps
                    : uint64_t(std::ceil(options.warmup_ratio * double(total_steps_)))),
        optimizer_(&setup_.classifier->parameters(), {options.adam_beta1, options.adam_beta2,
                                                      options.adam_epsilon, options.weight_decay}),
        progress_({"training", "steps", environment.progress}, environment.now, *environment.err) {
    collate_.pad_id = uint32_t(setup_.classifier->config().pad_token_id);
    collate_.pad_multiple = setup_.device.is_cuda() ? 8 : 1;
    collate_.pad_to = options.pad_to;
    if (!options.checkpoints.empty()) {
      store_.emplace(options.checkpoints, ResumeSettings(options, setup_));
    }
  }

  absl::Status Execute() {
    if (absl::Status status = Begin(); !status.ok()) return status;
    progress_.SetTotal(total_steps_);
    started_ = environment_.now();
    while (state_.evaluated_epochs < epochs_) {
      // A checkpoint lies between an epoch's training and its evaluation.
      if (state_.epoch == state_.evaluated_epochs) {
        if (absl::Status status = TrainEpoch(); !status.ok()) return status;
      }
      if (absl::Status status = EvaluateEpoch(); !status.ok()) return status;
    }
    return Finish();
  }

 private:
  absl::Status Begin();
  absl::Status TrainEpoch();
  absl::Status TrainStep(Prefetcher& prefetcher);
  absl::Status CheckLosses();
  absl::Status EvaluateEpoch();
  absl::Status KeepBest(double loss);
  absl::Status Finish();
  absl::Status SaveCheckpoint();
  absl::Status Preempted();
  void LogTraining();
  void Print(const std::string& line);

  bool Stopping() const { return environment_.stop != nullptr && environment_.stop->load(); }
  double EpochNow() const {
    const double in_epoch = double(state_.step) / double(steps_per_epoch_);
    return RoundTo(in_epoch, 2);
  }
  double Seconds() const {
    return state_.seconds + std::chrono::duration<double>(environment_.now() - started_).count();
  }

  const TrainOptions& options_;
  const RunEnvironment& environment_;
  TrainSetup setup_;
  const std::vector<uint32_t> lengths_;
  const uint64_t batches_per_epoch_, steps_per_epoch_, total_steps_, epochs_, warmup_;
  AdamW optimizer_;
  Progress progress_;
  CollateOptions collate_;
  std::optional<CheckpointStore> store_;
  std::ofstream trace_;

  TrainState state_;
  std::chrono::steady_clock::time_point started_;
  std::vector<at::Tensor> unseen_losses_;  // of the last steps, on the device
  std::optional<Evaluation> last_evaluation_;
  Entries last_entries_;
};

absl::Status Run::Begin() {
  std::ostream& err = *environment_.err;
  std::vector<std::string> warnings;
  std::optional<TrainState> resumed;
  if (store_ && options_.resume == ResumeMode::kAuto) {
    auto found = store_->Resume(*setup_.classifier, optimizer_, warnings);
    if (!found.ok()) return found.status();
    resumed = *found;
  }
  for (const std::string& warning : warnings) err << "xptrain: " << warning << '\n';
  if (resumed) {
    state_ = *resumed;
    err << absl::StrFormat("xptrain: resumed at step %d of %d\n", state_.step, total_steps_);
    if (!options_.metrics_file.empty()) {
      absl::Status status = AppendResumedMarker(options_.metrics_file, state_.step);
      if (!status.ok()) return status;
    }
  } else {
    if (!warnings.empty()) {  // what was read of a damaged checkpoint goes
      SeedAll(options_.seed);
      for (Parameter& p : setup_.classifier->parameters()) {
        InitializeParameter(setup_.classifier->config(), p);
      }
      for (at::Tensor& moment : optimizer_.first_moments()) moment.zero_();
      for (at::Tensor& moment : optimizer_.second_moments()) moment.zero_();
    }
    if (absl::Status s = LoadInitialWeights(options_, setup_, err); !s.ok()) return s;
    SeedAll(options_.seed);
  }
  if (!options_.trace.empty()) {
    trace_.open(options_.trace, std::ios::binary | std::ios::trunc);
    if (!trace_) return ErrnoStatus("cannot write", options_.trace);
  }
  return absl::OkStatus();
}

absl::Status Run::TrainEpoch() {
  const Batches plan = PlanTraining(
      lengths_, {options_.train_batch_size, options_.order, options_.seed, state_.epoch});
  Prefetcher prefetcher(&setup_.train, plan, state_.batch, collate_);
  while (state_.batch < plan.size() && state_.step < total_steps_) {
    if (Stopping()) return Preempted();
    const absl::Status status =
        CatchTorch(absl::StrFormat("training step %d (a batch of %d examples)", state_.step + 1,
                                   options_.train_batch_size),
                   [&] { return TrainStep(prefetcher); });
    if (!status.ok()) {
      progress_.Clear();
      return status;
    }
    progress_.Update(state_.step);
    if (options_.logging_steps > 0 && state_.step % options_.logging_steps == 0) LogTraining();
    if (options_.save_steps > 0 && state_.step % options_.save_steps == 0) {
      if (absl::Status saved = SaveCheckpoint(); !saved.ok()) return saved;
    }
  }
  if (absl::Status status = CheckLosses(); !status.ok()) return status;
  ++state_.epoch;
  state_.batch = 0;
  return SaveCheckpoint();
}

absl::Status Run::TrainStep(Prefetcher& prefetcher) {
  const double rate = LinearSchedule(options_.learning_rate, state_.step, warmup_, total_steps_);
  const uint64_t group =
      std::min(options_.gradient_accumulation_steps, batches_per_epoch_ - state_.batch);
  optimizer_.ZeroGradients();
  at::Tensor step_loss;
  for (uint64_t i = 0; i < group; ++i) {
    CollatedBatch made = *prefetcher.Next();
    const Batch batch = ToDevice(made.tensors, setup_.device);
    at::Tensor loss;
    {
      const Autocast autocast(setup_.device, setup_.precision);
      loss = CrossEntropy(setup_.classifier->Forward(batch, Mode::kTrain), batch.labels);
    }
    if (group > 1) loss = loss / double(group);
    loss.backward();
    const at::Tensor detached = loss.detach();
    step_loss = step_loss.defined() ? step_loss + detached : detached;
  }
  const at::Tensor norm = optimizer_.ClipGradients(options_.max_grad_norm);
  optimizer_.Step(rate);
  ++state_.step;
  state_.batch += group;
  if (trace_.is_open()) {
    const nlohmann::ordered_json line = {{"step", state_.step},
                                         {"loss", double(step_loss.item<float>())},
                                         {"learning_rate", rate},
                                         {"grad_norm", double(norm.item<float>())}};
    trace_ << line.dump() << std::endl;
  }
  unseen_losses_.push_back(step_loss);
  if (setup_.device.is_cpu() || unseen_losses_.size() >= kGpuLossDelay) return CheckLosses();
  return absl::OkStatus();
}

absl::Status Run::CheckLosses() {
  if (unseen_losses_.empty()) return absl::OkStatus();
  const at::Tensor losses = at::stack(unseen_losses_).to(at::kCPU, at::kDouble);
  const uint64_t first = state_.step - unseen_losses_.size() + 1;
  unseen_losses_.clear();
  for (int64_t i = 0; i < losses.numel(); ++i) {
    const double loss = losses[i].item<double>();
    if (!std::isfinite(loss)) {
      progress_.Clear();
      return absl::AbortedError(absl::StrFormat(
          "the loss of step %d is %s; a lower --learning_rate or more --warmup_steps may help. "
          "The last checkpoint is from before",
          first + uint64_t(i), PythonFloat(loss)));
    }
    state_.loss_since_log += loss;
    state_.loss_total += loss;
  }
  return absl::OkStatus();
}

void Run::LogTraining() {
  if (!CheckLosses().ok()) return;  // a loss that is no number is found again before the next save
  const uint64_t steps = state_.step - state_.logged_step;
  if (steps == 0) return;
  const double rate = LinearSchedule(options_.learning_rate, state_.step, warmup_, total_steps_);
  Print(DictLine({{"loss", RoundTo(state_.loss_since_log / double(steps), 4)},
                  {"learning_rate", rate},
                  {"epoch", EpochNow()}}));
  state_.loss_since_log = 0;
  state_.logged_step = state_.step;
}

absl::Status Run::EvaluateEpoch() {
  if (!setup_.has_test) {
    ++state_.evaluated_epochs;
    return absl::OkStatus();
  }
  const auto begin = environment_.now();
  EvaluationOptions evaluation;
  evaluation.batch_size = options_.eval_batch_size;
  evaluation.collate = collate_;
  evaluation.precision = setup_.precision;
  evaluation.stop = environment_.stop;
  absl::StatusOr<Evaluation> result = Evaluate(*setup_.classifier, setup_.test, evaluation);
  if (absl::IsCancelled(result.status())) return Preempted();
  if (!result.ok()) return result.status();
  const double seconds = std::chrono::duration<double>(environment_.now() - begin).count();
  const Scores scores = ScoreOf(result->confusion);
  last_entries_ = {{"eval_loss", result->loss},
                   {"eval_accuracy", scores.accuracy},
                   {"eval_f1", scores.f1},
                   {"eval_precision", scores.precision},
                   {"eval_recall", scores.recall},
                   {"eval_runtime", RoundTo(seconds, 4)},
                   {"eval_samples_per_second", RoundTo(double(setup_.test.size()) / seconds, 3)},
                   {"eval_steps_per_second", RoundTo(double(result->batches) / seconds, 3)},
                   {"epoch", EpochNow()}};
  Print(DictLine(last_entries_));
  last_evaluation_ = *std::move(result);
  ++state_.evaluated_epochs;
  return KeepBest(last_evaluation_->loss);
}

absl::Status Run::KeepBest(double loss) {
  if (state_.best_epoch > 0 && !(loss < state_.best_loss)) return absl::OkStatus();
  state_.best_loss = loss;
  state_.best_epoch = state_.evaluated_epochs;
  // Beside the checkpoints, so that a later attempt still has it.
  const fs::path keep = store_ ? options_.checkpoints / "best" : options_.model_out / "best";
  if (options_.model_out.empty() || state_.evaluated_epochs == epochs_) return absl::OkStatus();
  return SaveModel(keep, options_.model, *setup_.classifier);
}

absl::Status Run::SaveCheckpoint() {
  if (!store_) return absl::OkStatus();
  if (absl::Status status = CheckLosses(); !status.ok()) return status;
  TrainState state = state_;
  state.seconds = Seconds();
  return store_->Save(state, *setup_.classifier, optimizer_, options_.model,
                      options_.save_total_limit);
}

absl::Status Run::Preempted() {
  progress_.Clear();
  if (!store_) {
    return absl::CancelledError(
        "asked to end; no checkpoint was kept (no XP_CHECKPOINT_DIR or --checkpoint-dir)");
  }
  if (absl::Status status = SaveCheckpoint(); !status.ok()) return status;
  return absl::CancelledError(
      absl::StrFormat("asked to end; step %d is kept as a checkpoint", state_.step));
}

absl::Status Run::Finish() {
  const double seconds = std::max(Seconds(), 1e-9);
  progress_.Clear();
  const double samples =
      double(setup_.train.size()) * double(total_steps_) / double(steps_per_epoch_);
  Print(DictLine({{"train_runtime", RoundTo(seconds, 4)},
                  {"train_samples_per_second", RoundTo(samples / seconds, 3)},
                  {"train_steps_per_second", RoundTo(double(total_steps_) / seconds, 3)},
                  {"train_loss", state_.loss_total / double(std::max<uint64_t>(1, state_.step))},
                  {"epoch", EpochNow()}}));
  absl::Status status;
  if (!options_.model_out.empty()) {
    status = SaveModel(options_.model_out, options_.model, *setup_.classifier);
    const fs::path kept = options_.checkpoints / "best";
    std::error_code error;
    if (status.ok() && store_ && state_.best_epoch < epochs_ && fs::exists(kept, error)) {
      for (const auto& file : fs::directory_iterator(kept, error)) {
        status = LinkOrCopy(file.path(), options_.model_out / "best" / file.path().filename());
        if (!status.ok()) return status;
      }
    }
  }
  if (!status.ok() || options_.output.empty() || !last_evaluation_) return status;
  // The article's script prints this header and writes the numbers to a file.
  Print("***** Eval results *****");
  const std::vector<std::string>& labels = setup_.classifier->config().labels;
  last_entries_.emplace_back("best_epoch", double(state_.best_epoch));
  status = WriteEvalResults(options_.output / "eval_results.txt", last_entries_);
  if (status.ok()) {
    status = WriteConfusion(options_.output / "confusion_matrix.json", labels,
                            last_evaluation_->confusion);
  }
  if (!status.ok()) return status;
  return WritePredictions(options_.output / "predictions.csv", labels, setup_.test.labels,
                          last_evaluation_->logits);
}

void Run::Print(const std::string& line) {
  progress_.Clear();
  *environment_.out << line + "\n" << std::flush;
}

}  // namespace

absl::Status Train(const TrainOptions& options, const RunEnvironment& environment) {
  absl::StatusOr<TrainSetup> setup = SetUp(options, *environment.err);
  if (!setup.ok()) return setup.status();
  std::unique_ptr<Run> run;
  absl::Status status = CatchTorch("setting up", [&] {
    run = std::make_unique<Run>(options, environment, *std::move(setup));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return CatchTorch("training", [&] { return run->Execute(); });
}

}  // namespace xp::trainer
