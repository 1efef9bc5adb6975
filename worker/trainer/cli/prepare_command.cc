#include <absl/strings/str_format.h>
#include <algorithm>
#include <iostream>
#include <memory>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/model_folder.h"
#include "worker/trainer/cli/number_check.h"
#include "worker/trainer/data/prepare.h"
#include "worker/trainer/machine_limits.h"

namespace xp::trainer {
namespace {

constexpr int kMostOwnThreads =
    64;  // without --threads: beyond it one thread's writing is the limit

struct PrepareArguments {
  std::string format, model, input, test_input, output, text_field, label_field;
  size_t max_length = 512;
  size_t shard_examples = 16384;
  int threads = 0;
  bool no_weights = false;
  HubOptions hub;
};

void Say(const char* split, const SplitReport& report) {
  std::cerr << absl::StrFormat("xptrain: %s: %d examples, %d tokens, %d truncated", split,
                               report.examples, report.tokens, report.truncated);
  if (report.replaced > 0) {
    std::cerr << absl::StrFormat(", %d had bytes that are not UTF-8 (replaced by U+FFFD)",
                                 report.replaced);
  }
  std::cerr << '\n';
}

absl::Status RunPrepare(const PrepareArguments& arguments) {
  absl::StatusOr<std::string> folder =
      ModelFolder(arguments.model, arguments.no_weights ? HubFiles::kAllButWeights : HubFiles::kAll,
                  arguments.hub);
  if (!folder.ok()) return folder.status();
  PrepareOptions options;
  options.model = *folder;
  options.input = arguments.input;
  options.test_input = arguments.test_input;
  options.output = arguments.output;
  options.max_length = arguments.max_length;
  options.shard_examples = arguments.shard_examples;
  options.copy_weights = arguments.no_weights ? CopyWeights::kNo : CopyWeights::kYes;
  options.threads =
      arguments.threads > 0 ? arguments.threads : std::min(AvailableProcessors(), kMostOwnThreads);
  options.source.text_field = arguments.text_field;
  options.source.label_field = arguments.label_field;
  if (!arguments.format.empty()) options.source.format = ParseSourceFormat(arguments.format);
  Progress progress({"tokenising", "texts", StderrStyle()}, SteadyNow(), std::cerr);
  absl::StatusOr<PrepareReport> report = Prepare(options, progress);
  if (!report.ok()) {
    progress.Clear();
    return report.status();
  }
  Say("train", report->train);
  Say("test", report->test);
  SayWarning(report->warning);
  if (report->test.examples == 0) {
    std::cerr << "xptrain: there is no test data; training will not evaluate (--test-input FILE)\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddPrepareCommand(CLI::App& app, Action* run) {
  auto arguments = std::make_shared<PrepareArguments>();
  CLI::App* command = app.add_subcommand(
      "prepare", "Tokenise a data set for a model, into the channels OUTPUT/train and OUTPUT/test");
  command
      ->add_option("--format", arguments->format,
                   "Of all files; if not given, each goes by its name")
      ->check(CLI::IsMember({"aclimdb", "csv", "tsv", "jsonl"}));
  command->add_option("--model", arguments->model, "A Hugging Face model folder, or hub:NAME")
      ->required();
  AddHubOptions(command, &arguments->hub);
  command
      ->add_option("--input", arguments->input,
                   "A file; a folder with train.* and test.*; an aclImdb folder or tar")
      ->required();
  command->add_option("--test-input", arguments->test_input,
                      "A file of test examples, .csv, .tsv or .jsonl");
  command->add_option("--output", arguments->output, "Gets train/ and test/")->required();
  command->add_option("--text-field", arguments->text_field, "Column or key of the text");
  command->add_option("--label-field", arguments->label_field, "Column or key of the label");
  command
      ->add_option("--max-length", arguments->max_length,
                   "Tokens of an example at most, special ones included")
      ->check(WholeNumber(3, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--threads", arguments->threads, "0: all processors that it may use, up to 64")
      ->check(WholeNumber(0, kMostThreads))
      ->capture_default_str();
  command->add_option("--shard-examples", arguments->shard_examples, "Examples of one shard file")
      ->check(WholeNumber(1, 1 << 24))
      ->capture_default_str();
  command->add_flag("--no-weights", arguments->no_weights,
                    "Leave the model's weights out of OUTPUT/train");
  command->callback([arguments, run] { *run = [arguments] { return RunPrepare(*arguments); }; });
}

}  // namespace xp::trainer
