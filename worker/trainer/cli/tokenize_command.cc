#include <absl/strings/str_format.h>
#include <fstream>
#include <iostream>
#include <memory>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/model_folder.h"
#include "worker/trainer/cli/number_check.h"
#include "worker/trainer/cli/text_line.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/config.h"
#include "worker/trainer/model/vocabulary_fit.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

struct TokenizeArguments {
  std::string model, input;
  size_t max_length = 0;
  HubOptions hub;
};

std::string Line(const std::vector<uint32_t>& ids) {
  std::string line = "{\"ids\":[";
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) line += ',';
    line += std::to_string(ids[i]);
  }
  return line + "]}\n";
}

absl::Status TokenizeLines(const TokenizeArguments& arguments, std::istream& in,
                           const std::string& name) {
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = LoadTokenizer(arguments.model);
  if (!tokenizer.ok()) return tokenizer.status();
  // The folder may be of any model, or of none: only what is known is compared.
  if (const absl::StatusOr<ModelConfig> config = ReadModelConfig(arguments.model); config.ok()) {
    const absl::StatusOr<std::string> misfit = CheckVocabularyFit(
        arguments.model, **tokenizer, config->vocab_size, LargerTokenizer::kWarned);
    if (!misfit.ok()) return misfit.status();
    SayWarning(*misfit);
  }
  const TokenizerParts& parts = (*tokenizer)->parts();
  const size_t least = parts.prefix_ids.size() + parts.suffix_ids.size();
  if (arguments.max_length > 0 && arguments.max_length < least) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--max-length %d leaves no room for the %d special tokens", arguments.max_length, least));
  }
  Encoder encoder(*tokenizer);
  std::vector<uint32_t> ids;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (IsBlankLine(line)) continue;
    const absl::StatusOr<std::string> text = ParseTextLine(line);
    if (!text.ok()) {
      std::cout << std::flush;
      return absl::InvalidArgumentError(
          absl::StrFormat("%s:%d: %s", name, number, text.status().message()));
    }
    ids.clear();
    encoder.Encode(*text, {arguments.max_length}, ids);
    std::cout << Line(ids);
  }
  if (in.bad()) return ErrnoStatus("cannot read", name);
  return FlushStdout();
}

absl::Status RunTokenize(TokenizeArguments arguments) {
  absl::StatusOr<std::string> folder =
      ModelFolder(arguments.model, HubFiles::kAllButWeights, arguments.hub);
  if (!folder.ok()) return folder.status();
  arguments.model = *std::move(folder);
  if (arguments.input.empty() || arguments.input == "-") {
    return TokenizeLines(arguments, std::cin, "stdin");
  }
  std::ifstream in(arguments.input, std::ios::binary);
  if (!in) return ErrnoStatus("cannot open", arguments.input);
  return TokenizeLines(arguments, in, arguments.input);
}

}  // namespace

void AddTokenizeCommand(CLI::App& app, Action* run) {
  auto arguments = std::make_shared<TokenizeArguments>();
  CLI::App* command = app.add_subcommand(
      "tokenize", "Turn JSON lines {\"text\": ...} into {\"ids\": [...]}, special tokens included");
  command->add_option("--model", arguments->model, "A folder with tokenizer files, or hub:NAME")
      ->required();
  AddHubOptions(command, &arguments->hub);
  command->add_option("--max-length", arguments->max_length, "Truncate to this; 0: never")
      ->check(WholeNumber(0, kMostCount))
      ->capture_default_str();
  command->add_option("input", arguments->input, "A file of JSON lines; stdin if not given");
  command->callback([arguments, run] { *run = [arguments] { return RunTokenize(*arguments); }; });
}

}  // namespace xp::trainer
