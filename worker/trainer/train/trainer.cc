#include "worker/trainer/train/trainer.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "worker/trainer/cpu_allocator.h"
#include "worker/trainer/data/collate.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/fused_ops.h"
#include "worker/trainer/train/evaluation.h"
#include "worker/trainer/train/gpu_watch.h"
#include "worker/trainer/train/kept_models.h"
#include "worker/trainer/train/log_lines.h"
#include "worker/trainer/train/loss_record.h"
#include "worker/trainer/train/memory_plan.h"
#include "worker/trainer/train/metrics.h"
#include "worker/trainer/train/results.h"
#include "worker/trainer/train/schedule.h"
#include "worker/trainer/train/setup.h"
#include "worker/trainer/train/step_trace.h"
#include "worker/trainer/train/stepper.h"
#include "worker/trainer/train/train_state.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<std::pair<std::string, double>>;

class Run {
 public:
  Run(const TrainOptions& options, const RunEnvironment& environment, TrainSetup setup)
      : options_(options),
        environment_(environment),
        setup_(std::move(setup)),
        lengths_(Lengths(setup_.train)),
        schedule_(MakeSchedule(options, setup_.train.size())),
        stepper_(&options_, &setup_),
        kept_models_(&options_, &setup_.tokenizer, schedule_.epochs),
        losses_(&state_),
        progress_({"training", "steps", environment.progress}, environment.now, *environment.err) {
    collate_.pad_id = uint32_t(setup_.classifier->config().pad_token_id);
    collate_.pad_multiple = setup_.device.is_cuda() ? 8 : 1;
    collate_.max_width = setup_.classifier->config().max_tokens();
    collate_.pad_to = options.pad_to;
    collate_.memory = setup_.device.is_cuda() ? HostMemory::kPinned : HostMemory::kPageable;
    if (!options.checkpoints.empty()) {
      store_.emplace(options.checkpoints, ResumeSettings(options, setup_));
    }
  }

  absl::Status Execute() {
    if (absl::Status status = Begin(); !status.ok()) return status;
    progress_.SetTotal(schedule_.steps);
    progress_.SetStart(state_.step);
    started_ = environment_.now();
    const absl::Status status = TrainAndEvaluate();
    if (absl::IsAborted(status)) return Diverged(status);
    if (!status.ok() || !environment_.out->fail()) return status;
    return absl::UnavailableError(
        "standard output cannot be written: lines of the log are missing; the training is done and "
        "its results are saved");
  }

 private:
  absl::Status Begin();
  absl::Status TrainAndEvaluate() {
    while (state_.evaluated_epochs < schedule_.epochs) {
      // A checkpoint lies between an epoch's training and its evaluation.
      if (state_.epoch == state_.evaluated_epochs) {
        if (absl::Status status = TrainEpoch(); !status.ok()) return status;
      }
      if (absl::Status status = EvaluateEpoch(); !status.ok()) return status;
    }
    return Finish();
  }

  absl::Status TrainEpoch();
  absl::Status TrainStep(Prefetcher& prefetcher);
  absl::Status EvaluateEpoch();
  absl::Status Finish();
  absl::Status SaveCheckpoint();
  absl::Status Preempted();
  absl::Status Diverged(const absl::Status& status);
  absl::Status LogTraining();
  absl::Status WithAdvice(absl::Status status, MemoryPurpose purpose) const;
  void Print(const std::string& line);

  bool Stopping() const { return environment_.stop != nullptr && environment_.stop->load(); }
  double RateNow() const {
    // Steps that were left out do not count, as in the Trainer.
    return schedule_.RateAt(state_.step - state_.scaler.skipped);
  }
  double EpochNow() const {
    const double in_epoch = double(state_.step) / double(schedule_.steps_per_epoch);
    return RoundTo(in_epoch, 2);
  }
  double Seconds() const {
    return state_.seconds + std::chrono::duration<double>(environment_.now() - started_).count();
  }

  const TrainOptions& options_;
  const RunEnvironment& environment_;
  TrainSetup setup_;
  const std::vector<uint32_t> lengths_;
  const Schedule schedule_;
  TrainState state_;
  Stepper stepper_;
  const KeptModels kept_models_;
  LossRecord losses_;
  Progress progress_;
  CollateOptions collate_;
  std::optional<CheckpointStore> store_;
  std::optional<TrainState> saved_;  // the last checkpoint, of this attempt or resumed
  bool evaluation_lost_ = false;     // its loss is no number
  StepTrace trace_;
  absl::Status traced_;  // a full disk is no want of memory

  GpuWatch gpu_;
  std::chrono::steady_clock::time_point started_;
  uint64_t real_tokens_ = 0, computed_tokens_ = 0;  // of this attempt's training
  double step_seconds_ = 0;                         // that it took, without evaluations
  std::optional<Evaluation> last_evaluation_;
  Entries last_entries_;
};

absl::Status Run::Begin() {
  std::ostream& err = *environment_.err;
  std::vector<std::string> warnings;
  std::optional<TrainState> resumed;
  if (store_) {
    if (absl::Status status = store_->Lock(); !status.ok()) return status;
  }
  if (store_ && options_.resume == ResumeMode::kAuto) {
    auto found = store_->Resume(*setup_.classifier, stepper_.optimizer(), warnings);
    if (!found.ok()) return found.status();
    resumed = *found;
  }
  for (const std::string& warning : warnings) err << "xptrain: " << warning << '\n';
  if (resumed) {
    state_ = *resumed;
    saved_ = resumed;
    stepper_.scaler().set_state(state_.scaler);
    err << absl::StrFormat("xptrain: resumed at step %d of %d\n", state_.step, schedule_.steps);
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
      for (at::Tensor& moment : stepper_.optimizer().first_moments()) moment.zero_();
      for (at::Tensor& moment : stepper_.optimizer().second_moments()) moment.zero_();
      stepper_.optimizer().set_steps(0);
    }
    if (absl::Status s = LoadInitialWeights(options_, setup_, err); !s.ok()) return s;
    SeedAll(options_.seed);
  }
  gpu_ = WatchGpu(setup_.device, environment_, options_.metrics_file, state_.step);
  return trace_.Open(options_.trace);
}

absl::Status Run::TrainEpoch() {
  const Batches plan = PlanTraining(
      lengths_, {options_.train_batch_size, options_.order, options_.seed, state_.epoch});
  Prefetcher prefetcher(&setup_.train, plan, state_.batch, collate_);
  const auto begin = environment_.now();
  while (state_.batch < plan.size() && state_.step < schedule_.steps) {
    if (Stopping()) return Preempted();
    const absl::Status status =
        CatchTorch(absl::StrFormat("training step %d (a batch of %d examples)", state_.step + 1,
                                   options_.train_batch_size),
                   [&] { return TrainStep(prefetcher); });
    if (!status.ok()) {
      progress_.Clear();
      return WithAdvice(status, MemoryPurpose::kTraining);
    }
    if (!traced_.ok()) return traced_;
    progress_.Update(state_.step);
    if (gpu_.monitor) gpu_.monitor->set_step(state_.step);
    if (options_.logging_steps > 0 && state_.step % options_.logging_steps == 0) {
      if (absl::Status logged = LogTraining(); !logged.ok()) return logged;
    }
    if (options_.save_steps > 0 && state_.step % options_.save_steps == 0) {
      if (absl::Status saved = SaveCheckpoint(); !saved.ok()) return saved;
    }
  }
  if (absl::Status status = losses_.Check(); !status.ok()) return status;
  step_seconds_ += std::chrono::duration<double>(environment_.now() - begin).count();
  ++state_.epoch;
  state_.batch = 0;
  return SaveCheckpoint();
}

absl::Status Run::TrainStep(Prefetcher& prefetcher) {
  const double rate = RateNow();
  const uint64_t group =
      std::min(options_.gradient_accumulation_steps, schedule_.batches_per_epoch - state_.batch);
  const StepResult made = stepper_.Step(prefetcher, group, rate);
  ++state_.step;
  state_.batch += group;
  state_.scaler = stepper_.scaler().state();
  real_tokens_ += made.real_tokens;
  computed_tokens_ += made.computed_tokens;
  if (made.update == Update::kLeftOut) {
    progress_.Clear();
    *environment_.err << absl::StrFormat(
        "xptrain: step %d left out, its gradients are beyond the number format; the loss scale is "
        "now %g (%d left out so far)\n",
        state_.step, state_.scaler.scale, state_.scaler.skipped);
  }
  traced_ = trace_.Add(state_.step, made.loss, rate, made.norm);
  // Gradients that were left out moved nothing.
  absl::Status status =
      losses_.Add(made.loss, made.update == Update::kLeftOut ? at::Tensor() : made.norm);
  if (!status.ok()) progress_.Clear();
  return status;
}

absl::Status Run::LogTraining() {
  if (absl::Status status = losses_.Check(); !status.ok()) return status;
  const uint64_t steps = state_.step - state_.logged_step;
  if (steps == 0) return absl::OkStatus();
  Print(DictLine({{"loss", RoundTo(state_.loss_since_log / double(steps), 4)},
                  {"learning_rate", RateNow()},
                  {"epoch", EpochNow()}}));
  state_.loss_since_log = 0;
  state_.logged_step = state_.step;
  return absl::OkStatus();
}

absl::Status Run::WithAdvice(absl::Status status, MemoryPurpose purpose) const {
  if (!absl::IsResourceExhausted(status)) return status;
  const bool training = purpose == MemoryPurpose::kTraining;
  const auto lengths = Lengths(training ? setup_.train : setup_.test);
  MemoryPlanInput plan;
  plan.purpose = purpose;
  plan.tokens = *std::max_element(lengths.begin(), lengths.end());
  plan.tokens = std::max(plan.tokens, options_.pad_to);
  plan.attention_weights = MakesAttentionWeights(setup_.device);
  plan.bytes_per_product = setup_.precision == Precision::kFloat32 ? 4 : 2;
  plan.recomputing = options_.gradient_checkpointing == GradientCheckpointing::kLayers;
  const uint64_t limit = setup_.device.is_cuda() ? gpu_.memory : CpuMemory().limit;
  return absl::ResourceExhaustedError(absl::StrFormat(
      "%s; %s", std::string(status.message()),
      MemoryAdvice(setup_.classifier->config(), plan, limit,
                   training ? options_.train_batch_size : options_.eval_batch_size)));
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
  Progress progress({"evaluating", "examples", environment_.progress}, environment_.now,
                    *environment_.err);
  progress.SetTotal(setup_.test.size());
  evaluation.on_progress = [&](uint64_t done) { progress.Update(done); };
  absl::StatusOr<Evaluation> result = Evaluate(*setup_.classifier, setup_.test, evaluation);
  progress.Clear();
  if (absl::IsCancelled(result.status())) return Preempted();
  if (!result.ok()) return WithAdvice(result.status(), MemoryPurpose::kEvaluation);
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
  if (!std::isfinite(result->loss)) {
    evaluation_lost_ = true;
    return NotFinite(absl::StrFormat("the evaluation's loss after step %d", state_.step),
                     result->loss);
  }
  last_evaluation_ = *std::move(result);
  ++state_.evaluated_epochs;
  return kept_models_.AfterEvaluation(last_evaluation_->loss, *setup_.classifier, state_);
}

absl::Status Run::SaveCheckpoint() {
  if (!store_) return absl::OkStatus();
  if (absl::Status status = losses_.Check(); !status.ok()) return status;
  const bool is_there =
      saved_ && saved_->step == state_.step && saved_->evaluated_epochs == state_.evaluated_epochs;
  if (is_there) return absl::OkStatus();
  TrainState state = state_;
  state.seconds = Seconds();
  absl::Status status = store_->Save(state, *setup_.classifier, stepper_.optimizer(),
                                     setup_.tokenizer, options_.save_total_limit);
  if (status.ok()) saved_ = state;
  return status;
}

absl::Status Run::Preempted() {
  progress_.Clear();
  if (!store_) {
    return absl::CancelledError(
        "asked to end; no checkpoint was kept (no XP_CHECKPOINT_DIR or --checkpoint-dir)");
  }
  if (state_.step == 0) {
    return absl::CancelledError("asked to end before the first step: there is nothing to keep");
  }
  if (absl::Status status = SaveCheckpoint(); !status.ok()) return status;
  return absl::CancelledError(
      absl::StrFormat("asked to end; step %d is kept as a checkpoint", state_.step));
}

// Finite weights that gave a loss which is no number are no good checkpoint either.
absl::Status Run::Diverged(const absl::Status& status) {
  progress_.Clear();
  const uint64_t gave_it = evaluation_lost_        ? state_.step
                           : losses_.lost_at() > 0 ? losses_.lost_at() - 1
                                                   : 0;
  std::string kept = "no checkpoint is kept";
  if (store_ && saved_ && gave_it > 0 && saved_->step == gave_it) {
    if (absl::Status removed = store_->Remove(gave_it); !removed.ok()) return removed;
    kept = absl::StrFormat("checkpoint-%d, whose weights gave it, is removed", gave_it);
  } else if (saved_) {
    kept = absl::StrFormat("checkpoint-%d is from before", saved_->step);
  }
  return absl::AbortedError(absl::StrFormat("%s; %s", std::string(status.message()), kept));
}

absl::Status Run::Finish() {
  const double seconds = std::max(Seconds(), 1e-9);
  progress_.Clear();
  const double samples =
      double(setup_.train.size()) * double(schedule_.steps) / double(schedule_.steps_per_epoch);
  Print(DictLine({{"train_runtime", RoundTo(seconds, 4)},
                  {"train_samples_per_second", RoundTo(samples / seconds, 3)},
                  {"train_steps_per_second", RoundTo(double(schedule_.steps) / seconds, 3)},
                  {"train_loss", state_.loss_total / double(std::max<uint64_t>(1, state_.step))},
                  {"epoch", EpochNow()}}));
  if (computed_tokens_ == 0) {
    *environment_.err << "xptrain: all steps were done before this start\n";
  } else {
    *environment_.err << absl::StrFormat(
        "xptrain: %d tokens trained on, %.1f %% of what was computed was padding, %.0f tokens/s\n",
        real_tokens_, 100 * (1 - double(real_tokens_) / double(computed_tokens_)),
        double(real_tokens_) / std::max(step_seconds_, 1e-9));
  }
  gpu_.monitor.reset();
  absl::Status status = kept_models_.AtTheEnd(*setup_.classifier, state_, *environment_.err);
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
