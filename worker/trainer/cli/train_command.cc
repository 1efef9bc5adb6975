#include <absl/strings/str_format.h>
#include <algorithm>
#include <csignal>
#include <iostream>
#include <limits>
#include <memory>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/model_folder.h"
#include "worker/trainer/cli/number_check.h"
#include "worker/trainer/cli/stop_signals.h"
#include "worker/trainer/cpu_allocator.h"
#include "worker/trainer/machine_limits.h"
#include "worker/trainer/train/trainer.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLeastMemory = 2;  // MiB: a huge page

struct TrainArguments {
  TrainOptions options;
  std::string model, model_name, train, test, ids, model_out, output, checkpoints, metrics_file,
      trace;
  std::string resume = "auto", order = "length";
  uint64_t memory_limit = 0;  // MiB
  bool no_shuffle = false, gradient_checkpointing = false, bf16 = false, fp16 = false;
  HubOptions hub;
};

// The first that is given: the option, then xp's or SageMaker's environment.
fs::path FirstOf(const std::string& option, std::initializer_list<const char*> variables) {
  if (!option.empty()) return option;
  for (const char* variable : variables) {
    if (std::string value = FromEnvironment(variable); !value.empty()) return value;
  }
  return {};
}

// --model, else the train channel when prepare put a config there, else --model_name as a folder.
absl::StatusOr<fs::path> FindModel(const TrainArguments& arguments, const fs::path& train) {
  std::error_code error;
  if (!arguments.model.empty()) {
    absl::StatusOr<std::string> folder =
        ModelFolder(arguments.model, HubFiles::kAll, arguments.hub);
    if (!folder.ok()) return folder.status();
    return fs::path(*folder);
  }
  if (!train.empty() && fs::exists(train / "config.json", error)) return train;
  if (fs::exists(fs::path(arguments.model_name) / "config.json", error)) {
    return fs::path(arguments.model_name);
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "no model: neither --model, nor a config.json in the train channel (%s); `xptrain prepare` "
      "puts one there",
      train.empty() ? "none given" : train.string()));
}

absl::Status RunTrain(TrainArguments& arguments) {
  const std::atomic<bool>& stop = CatchStopSignals();  // before anything takes long
  arguments.hub.stopping = [&stop] { return stop.load(); };
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads any more ends no training
  SayIfNot(UseMemoryPool(arguments.memory_limit > 0
                             ? std::max(arguments.memory_limit, kLeastMemory) << 20
                             : AvailableMemory()));
  TrainOptions& options = arguments.options;
  options.ids = arguments.ids;
  if (options.ids.empty()) {
    options.train = FirstOf(arguments.train, {"SM_CHANNEL_TRAIN", "XP_INPUT_TRAIN"});
    options.test = FirstOf(arguments.test, {"SM_CHANNEL_TEST", "XP_INPUT_TEST"});
    if (options.train.empty()) {
      return absl::InvalidArgumentError(
          "no training data: neither --train-dir, nor SM_CHANNEL_TRAIN, nor --ids");
    }
  }
  absl::StatusOr<fs::path> model = FindModel(arguments, options.train);
  if (!model.ok()) return model.status();
  options.model = *model;
  options.model_out = FirstOf(arguments.model_out, {"SM_MODEL_DIR", "XP_MODEL_DIR"});
  options.output = FirstOf(arguments.output, {"SM_OUTPUT_DATA_DIR", "XP_OUTPUT_DIR"});
  options.checkpoints = FirstOf(arguments.checkpoints, {"XP_CHECKPOINT_DIR"});
  options.metrics_file = FirstOf(arguments.metrics_file, {"XP_METRICS_FILE"});
  options.trace = arguments.trace;
  options.resume = arguments.resume == "never" ? ResumeMode::kNever : ResumeMode::kAuto;
  options.order = arguments.no_shuffle            ? Order::kSequential
                  : arguments.order == "shuffled" ? Order::kShuffled
                                                  : Order::kByLength;
  if (arguments.gradient_checkpointing) {
    options.gradient_checkpointing = GradientCheckpointing::kLayers;
  }
  if (arguments.bf16) options.precision = "bf16";
  if (arguments.fp16) options.precision = "fp16";
  RunEnvironment environment;
  environment.now = SteadyNow();
  environment.out = &std::cout;
  environment.err = &std::cerr;
  environment.progress =
      StderrStyle() == ProgressStyle::kBar ? ProgressStyle::kBar : ProgressStyle::kSilent;
  environment.visible_gpus = FromEnvironment("CUDA_VISIBLE_DEVICES");
  environment.stop = &stop;
  return Train(options, environment);
}

void AddPaths(CLI::App* command, TrainArguments& a) {
  command->add_option("--model", a.model,
                      "Model folder or hub:NAME; the train channel's own if not given");
  AddHubOptions(command, &a.hub);
  command->add_option("--model-name", a.model_name,
                      "A name for the log, or a model folder where none is given otherwise");
  command->add_option("--train-dir,--training-dir", a.train, "Shards [SM_CHANNEL_TRAIN]");
  command->add_option("--test-dir", a.test, "Shards to evaluate on [SM_CHANNEL_TEST]");
  command->add_option("--ids", a.ids, "JSON lines of input_ids and label, instead of shards");
  command->add_option("--model-dir", a.model_out, "Gets the trained model [SM_MODEL_DIR]");
  command->add_option("--output-data-dir,--output-dir", a.output,
                      "Gets eval_results.txt, predictions.csv [SM_OUTPUT_DATA_DIR]");
  command->add_option("--checkpoint-dir", a.checkpoints, "[XP_CHECKPOINT_DIR]");
  command->add_option("--metrics-file", a.metrics_file,
                      "GPU readings, and that a run was resumed [XP_METRICS_FILE]");
  command->add_option("--trace", a.trace, "Each step's loss, rate and gradient norm, JSON lines");
}

void AddHyperparameters(CLI::App* command, TrainOptions& o) {
  const CLI::Validator count = WholeNumber(1, kMostCount), from_zero = WholeNumber(0, kMostCount);
  const CLI::Validator share = FiniteNumber(0, 1), beta = FiniteNumber(0, 1, HighEnd::kExcluded);
  const CLI::Validator finite = FiniteNumber(0);
  const auto number = [&](const char* name, auto& value, const CLI::Validator& check,
                          const char* help) {
    command->add_option(name, value, help)->check(check)->capture_default_str();
  };
  number("--epochs,--num-train-epochs", o.epochs, count, "");
  number("--max-steps", o.max_steps, from_zero, "Optimiser steps; 0: those of the epochs");
  number("--train-batch-size,--per-device-train-batch-size", o.train_batch_size, count, "");
  number("--eval-batch-size,--per-device-eval-batch-size", o.eval_batch_size, count, "");
  number("--gradient-accumulation-steps", o.gradient_accumulation_steps, count, "");
  number("--learning-rate", o.learning_rate, finite, "Peak, after warm-up");
  number("--warmup-steps", o.warmup_steps, from_zero, "Linear, then linear decay to 0");
  number("--warmup-ratio", o.warmup_ratio, share, "Of all steps, where --warmup-steps is 0");
  number("--weight-decay", o.weight_decay, finite, "Not of biases and norms");
  number("--adam-beta1", o.adam_beta1, beta, "");
  number("--adam-beta2", o.adam_beta2, beta, "");
  number("--adam-epsilon", o.adam_epsilon, finite, "");
  number("--max-grad-norm", o.max_grad_norm, finite, "0: no clipping");
  command->add_option("--dropout", o.dropout, "Instead of all of config.json's")->check(share);
  number("--seed", o.seed, WholeNumber(0, std::numeric_limits<uint64_t>::max()), "");
  number("--pad-to", o.pad_to, WholeNumber(0, 1 << 20),
         "Pad every batch to this; 0: to its longest example");
  number("--logging-steps", o.logging_steps, from_zero, "0: no lines of the training loss");
  number("--save-steps", o.save_steps, from_zero, "Checkpoints besides each epoch's; 0: none");
  number("--save-total-limit", o.save_total_limit, count, "Checkpoints kept");
  number("--initial-loss-scale", o.initial_loss_scale, FiniteNumber(1e-38), "Of dynamic scaling");
  number("--threads", o.threads, WholeNumber(0, kMostThreads),
         "0: OMP_NUM_THREADS, SM_NUM_CPUS, or all allowed processors");
  const auto word = [&](const char* name, std::string& value, const char* help) {
    return command->add_option(name, value, help)->capture_default_str();
  };
  word("--device", o.device, "auto, cpu, cuda, cuda:N")->check(DeviceName());
  word("--precision", o.precision, "Of matrix products; auto: bf16 on a GPU")
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "fp16"}));
  word("--loss-scaling", o.loss_scaling, "auto: dynamic with fp16")
      ->check(CLI::IsMember({"auto", "dynamic", "none"}));
}

}  // namespace

void AddTrainCommand(CLI::App& app, Action* run) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command =
      app.add_subcommand("train", "Train a classifier; its log has the Trainer's lines");
  AddPaths(command, *arguments);
  AddHyperparameters(command, arguments->options);
  command->add_option("--order", arguments->order, "Of examples: length (sorted) or shuffled")
      ->check(CLI::IsMember({"length", "shuffled"}))
      ->capture_default_str();
  command->add_flag(
      "--gradient-checkpointing", arguments->gradient_checkpointing,
      "Compute each layer again in the backward pass: less memory, a third more time");
  command
      ->add_option("--memory-limit", arguments->memory_limit,
                   "MiB of arrays on the CPU; 0: what machine and control group leave")
      ->check(WholeNumber(0, uint64_t{1} << 40))
      ->capture_default_str();
  CLI::Option* const precision = command->get_option("--precision");
  CLI::Option* const bf16 = command->add_flag("--bf16", arguments->bf16, "--precision bf16");
  bf16->excludes(precision);
  command->add_flag("--fp16", arguments->fp16, "--precision fp16 (GPUs)")
      ->excludes(bf16)
      ->excludes(precision);
  command->add_flag("--no-shuffle", arguments->no_shuffle, "Examples in the order of the data");
  command->add_option("--resume", arguments->resume, "From the newest checkpoint, or never")
      ->check(CLI::IsMember({"auto", "never"}))
      ->capture_default_str();
  command->callback([arguments, run] { *run = [arguments] { return RunTrain(*arguments); }; });
}

}  // namespace xp::trainer
