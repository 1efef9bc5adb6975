#include <absl/strings/str_format.h>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/number_check.h"
#include "worker/trainer/data/document.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/config.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"
#include "worker/trainer/vocab/vocab_builder.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

struct VocabArguments {
  std::string model_type = "distilbert";
  std::string output, format, text_field, label_field;
  std::vector<std::string> inputs;
  size_t size = 8000;
  uint64_t min_frequency = 2;
  bool cased = false;
  SmallModel model;
};

absl::Status AddTexts(const VocabArguments& arguments, VocabBuilder& builder, uint64_t* documents) {
  for (const std::string& input : arguments.inputs) {
    SourceOptions source;
    source.text_field = arguments.text_field;
    source.label_field = arguments.label_field;
    if (!arguments.format.empty()) source.format = ParseSourceFormat(arguments.format);
    absl::Status status = ReadDocuments(input, source, [&](Document document) {
      // What a model is tested on must not shape its vocabulary.
      if (document.split == Split::kTest) return absl::OkStatus();
      builder.Add(document.text);
      ++*documents;
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status MakeVocab(VocabArguments arguments) {
  const std::map<std::string, ModelType> types = {{"bert", ModelType::kBert},
                                                  {"distilbert", ModelType::kDistilBert},
                                                  {"roberta", ModelType::kRoberta}};
  SmallModel& small = arguments.model;
  small.type = types.at(arguments.model_type);
  VocabOptions options;
  options.kind = small.type == ModelType::kRoberta ? VocabKind::kByteLevel : VocabKind::kWordPiece;
  options.size = arguments.size;
  options.min_count = arguments.min_frequency;
  options.lowercase = !arguments.cased;
  VocabBuilder builder(options);
  uint64_t documents = 0;
  if (absl::Status status = AddTexts(arguments, builder, &documents); !status.ok()) return status;
  const fs::path dir = arguments.output;
  absl::StatusOr<size_t> size = builder.Write(dir);
  if (!size.ok()) return size.status();
  RemoveOthers(dir, TokenizerFiles(dir), VocabFileNames(options.kind));  // some count before these
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = LoadTokenizer(dir);
  if (!tokenizer.ok()) return tokenizer.status();
  small.vocab_size = int64_t((*tokenizer)->id_limit());
  small.pad_token_id = int64_t((*tokenizer)->pad_id());
  absl::StatusOr<ModelConfig> config = MakeSmallConfig(small);
  if (!config.ok()) return config.status();
  absl::Status status = WriteFile(dir / "config.json", ModelConfigJson(*config));
  if (!status.ok()) return status;
  std::cerr << absl::StrFormat(
      "xptrain: %d tokens%s from %d texts, and a %s config of %d layers, in %s\n", *size,
      *size < arguments.size
          ? absl::StrFormat(" (of %d asked for: the text has no more)", arguments.size)
          : "",
      documents, arguments.model_type, small.layers, arguments.output);
  return absl::OkStatus();
}

}  // namespace

void AddVocabCommand(CLI::App& app, Action* run) {
  auto arguments = std::make_shared<VocabArguments>();
  CLI::App* command = app.add_subcommand(
      "vocab", "Learn a vocabulary from text, and write a small model's folder from scratch");
  command->add_option("--model-type", arguments->model_type, "The kind of model and tokeniser")
      ->check(CLI::IsMember({"bert", "distilbert", "roberta"}))
      ->capture_default_str();
  command->add_option("--size", arguments->size, "Tokens of the vocabulary, at most")
      ->check(WholeNumber(10, 1000000))
      ->capture_default_str();
  command->add_option("--min-frequency", arguments->min_frequency, "Of a pair, to be merged")
      ->check(WholeNumber(1, kMostCount))
      ->capture_default_str();
  command->add_flag("--cased", arguments->cased, "Keep capitals and accents (WordPiece)");
  command->add_option("--output", arguments->output, "The model's folder")->required();
  command->add_option("--format", arguments->format, "Of the inputs; guessed from their names")
      ->check(CLI::IsMember({"aclimdb", "csv", "tsv", "jsonl", "text"}));
  command->add_option("--text-field", arguments->text_field, "Column or key of the text");
  command->add_option("--label-field", arguments->label_field, "Column or key of the label");
  SmallModel& model = arguments->model;
  const CLI::Validator positive = WholeNumber(1, 1 << 20);
  command->add_option("--dim", model.hidden_size, "Hidden size of the model")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--layers", model.layers, "Its layers")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--heads", model.heads, "Attention heads; must divide --dim")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--hidden-dim", model.intermediate_size, "Width of its feed-forward part")
      ->check(positive)
      ->capture_default_str();
  command->add_option("--max-position", model.max_tokens, "Tokens that it can take")
      ->check(positive)
      ->capture_default_str();
  TakeWordsAsTheyAre(command->add_option("inputs", arguments->inputs,
                                         "Text files, CSV, JSONL, aclImdb folders or tars"))
      ->required();
  command->callback([arguments, run] { *run = [arguments] { return MakeVocab(*arguments); }; });
}

}  // namespace xp::trainer
