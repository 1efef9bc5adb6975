#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/model_folder.h"
#include "worker/trainer/cli/number_check.h"
#include "worker/trainer/cli/text_line.h"
#include "worker/trainer/cpu_allocator.h"
#include "worker/trainer/data/examples_fit.h"
#include "worker/trainer/data/ids_lines.h"
#include "worker/trainer/files.h"
#include "worker/trainer/machine_limits.h"
#include "worker/trainer/model/checkpoint.h"
#include "worker/trainer/model/vocabulary_fit.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"
#include "worker/trainer/torch_runtime.h"
#include "worker/trainer/train/evaluation.h"
#include "worker/trainer/train/results.h"

namespace xp::trainer {
namespace {

using Json = nlohmann::ordered_json;

struct PredictArguments {
  std::string model, input, device = "auto";
  std::vector<std::string> texts;
  bool ids = false;
  size_t batch_size = 32;
  int threads = 0;
  HubOptions hub;
};

bool IsStdin(const std::string& input) { return input.empty() || input == "-"; }

// The texts to classify: arguments, or each line of a file: {"text": ...} or plain.
absl::StatusOr<std::vector<std::string>> ReadTexts(const PredictArguments& arguments) {
  if (!arguments.texts.empty()) return arguments.texts;
  std::ifstream file;
  const bool from_stdin = IsStdin(arguments.input);
  if (!from_stdin) {
    file.open(arguments.input, std::ios::binary);
    if (!file) return ErrnoStatus("cannot open", arguments.input);
  }
  std::istream& in = from_stdin ? std::cin : file;
  std::vector<std::string> texts;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();  // of a file with CR LF; in JSON it is a blank
    if (!line.starts_with('{')) {               // a blank one too: answers are as many as lines
      texts.push_back(line);
      continue;
    }
    absl::StatusOr<std::string> text = ParseTextLine(line);
    if (!text.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s:%d: %s (a line that begins with { is JSON)",
                          from_stdin ? "stdin" : arguments.input, number, text.status().message()));
    }
    texts.push_back(*std::move(text));
  }
  if (in.bad()) return ErrnoStatus("cannot read", from_stdin ? "stdin" : arguments.input);
  return texts;
}

absl::StatusOr<Examples> EncodeTexts(const std::vector<std::string>& texts,
                                     const PredictArguments& arguments, const ModelConfig& config) {
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = LoadTokenizer(arguments.model);
  if (!tokenizer.ok()) return tokenizer.status();
  const absl::StatusOr<std::string> misfit =
      CheckVocabularyFit(arguments.model, **tokenizer, config.vocab_size, LargerTokenizer::kWarned);
  if (!misfit.ok()) return misfit.status();
  SayWarning(*misfit);
  Encoder encoder(*tokenizer);
  Examples examples;
  for (const std::string& text : texts) {
    std::vector<uint32_t> ids;
    encoder.Encode(text, {size_t(config.max_tokens())}, ids);
    examples.Add(ids, 0);
  }
  return examples;
}

absl::Status WithAdvice(const absl::Status& status, const PredictArguments& arguments) {
  const std::string advice =
      arguments.batch_size > 1
          ? absl::StrFormat("; fewer texts at a time need less: --batch-size %d instead of %d",
                            arguments.batch_size / 2, arguments.batch_size)
          : "; the batch is one text already: it takes a machine with more memory";
  return absl::ResourceExhaustedError(std::string(status.message()) + advice);
}

enum class Shown { kLabelAndLogits, kLogits };

absl::Status PrintResults(const Evaluation& result, const ModelConfig& config, size_t count,
                          Shown shown) {
  const size_t classes = config.labels.size();
  for (size_t i = 0; i < count; ++i) {
    const std::span<const float> row(result.logits.data() + i * classes, classes);
    if (!std::all_of(row.begin(), row.end(), [](float logit) { return std::isfinite(logit); })) {
      std::cout << std::flush;
      return absl::AbortedError(absl::StrFormat(
          "the logits of text %d are no numbers: the model holds weights that are none, or too "
          "large ones",
          i + 1));
    }
    const Json logits = std::vector<double>(row.begin(), row.end());
    if (shown == Shown::kLogits) {
      std::cout << Json{{"logits", logits}}.dump() << '\n';
      continue;
    }
    const auto best = size_t(std::max_element(row.begin(), row.end()) - row.begin());
    const Json line = {
        {"label", config.labels[best]}, {"score", Softmax(row)[best]}, {"logits", logits}};
    std::cout << line.dump() << '\n';
  }
  return FlushStdout();
}

void SayUnused(const std::vector<std::string>& arrays) {
  if (!arrays.empty())
    std::cerr << "xptrain: not used: " << absl::StrJoin(arrays, " ") << std::endl;
}

absl::Status RunPredict(PredictArguments arguments) {
  SayIfNot(UseMemoryPool(AvailableMemory()));
  absl::StatusOr<std::string> folder = ModelFolder(arguments.model, HubFiles::kAll, arguments.hub);
  if (!folder.ok()) return folder.status();
  arguments.model = *std::move(folder);
  absl::StatusOr<ModelConfig> config = ReadModelConfig(arguments.model);
  if (!config.ok()) return config.status();
  absl::StatusOr<Examples> examples = Examples();
  if (arguments.ids) {
    examples = IsStdin(arguments.input) ? ParseIdsLines(std::cin, "stdin", Labels::kIgnored)
                                        : ReadIdsLines(arguments.input, Labels::kIgnored);
  } else {
    absl::StatusOr<std::vector<std::string>> texts = ReadTexts(arguments);
    if (!texts.ok()) return texts.status();
    examples = EncodeTexts(*texts, arguments, *config);
  }
  if (!examples.ok()) return examples.status();
  absl::Status status = CheckFit(*examples, *config, Labels::kIgnored, "");
  if (!status.ok()) return status;
  absl::StatusOr<at::Device> device = ChooseDevice(arguments.device);
  if (!device.ok()) return device.status();
  if (const auto threads = SetThreads(arguments.threads); !threads.ok()) return threads.status();
  std::unique_ptr<Classifier> classifier;
  status = CatchTorch("loading the model", [&]() -> absl::Status {
    classifier = std::make_unique<Classifier>(*config, *device);
    const auto report = LoadWeights(arguments.model, HeadPolicy::kMustBeThere, *classifier);
    if (report.ok()) SayUnused(report->extra);
    return report.status();
  });
  if (!status.ok()) return status;
  EvaluationOptions options;
  options.batch_size = arguments.batch_size;
  options.collate.pad_id = uint32_t(config->pad_token_id);
  absl::StatusOr<Evaluation> result = Evaluate(*classifier, *examples, options);
  if (absl::IsResourceExhausted(result.status())) return WithAdvice(result.status(), arguments);
  if (!result.ok()) return result.status();
  return PrintResults(*result, *config, examples->size(),
                      arguments.ids ? Shown::kLogits : Shown::kLabelAndLogits);
}

}  // namespace

void AddPredictCommand(CLI::App& app, Action* run) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "Classify texts, one JSON line each");
  command->add_option("--model", arguments->model, "A trained model's folder, or hub:NAME")
      ->required();
  AddHubOptions(command, &arguments->hub);
  CLI::Option* input = command->add_option("--input", arguments->input,
                                           "Lines of {\"text\": ...} or plain; - is stdin");
  CLI::Option* ids = command->add_flag(
      "--ids", arguments->ids, "The lines are {\"input_ids\": [...]}; prints {\"logits\": [...]}");
  command->add_option("--batch-size", arguments->batch_size, "")
      ->check(WholeNumber(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--device", arguments->device, "auto, cpu, cuda, cuda:N")
      ->check(DeviceName())
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "0: as train")
      ->check(WholeNumber(0, kMostThreads))
      ->capture_default_str();
  TakeWordsAsTheyAre(command->add_option("text", arguments->texts, "Texts, instead of --input"))
      ->excludes(input)
      ->excludes(ids);
  command->callback([arguments, run] { *run = [arguments] { return RunPredict(*arguments); }; });
}

}  // namespace xp::trainer
