#include "worker/trainer/data/prepare.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "worker/trainer/data/encode_pool.h"
#include "worker/trainer/data/labels.h"
#include "worker/trainer/data/shard.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/config.h"
#include "worker/trainer/model/vocabulary_fit.h"
#include "worker/trainer/model/weight_index.h"
#include "worker/trainer/tokenizer/load_tokenizer.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kBlockDocuments = 256;

// Says whether two channels were made with the same tokeniser.
absl::StatusOr<std::string> Fingerprint(const fs::path& model) {
  uint32_t crc = 0;
  for (const std::string& name : TokenizerFiles(model)) {
    absl::StatusOr<std::string> text = ReadFile(model / name);
    if (!text.ok()) return text.status();
    crc = uint32_t(crc32_z(crc, reinterpret_cast<const Bytef*>(text->data()), text->size()));
  }
  return absl::StrFormat("%08x", crc);
}

// Collects one split's examples into shards.
class ShardWriter {
 public:
  ShardWriter(fs::path dir, size_t shard_examples, uint32_t id_limit)
      : dir_(std::move(dir)), shard_examples_(shard_examples), id_limit_(id_limit) {}

  // Takes away what an earlier run left.
  absl::Status Begin() {
    std::error_code error;
    fs::create_directories(dir_, error);
    if (error) {
      return absl::UnavailableError("cannot make " + dir_.string() + ": " + error.message());
    }
    fs::remove(dir_ / kManifestName, error);
    for (const auto& entry : fs::directory_iterator(dir_, error)) {
      if (entry.path().extension() == ".xpshard") fs::remove(entry.path(), error);
    }
    return absl::OkStatus();
  }

  absl::Status Add(const Examples& examples) {
    for (size_t i = 0; i < examples.size(); ++i) {
      pending_.Add(examples.Ids(i), examples.labels[i]);
      if (pending_.size() < shard_examples_) continue;
      if (absl::Status status = Write(); !status.ok()) return status;
    }
    report.examples += examples.size();
    report.tokens += examples.ids.size();
    return absl::OkStatus();
  }

  absl::Status Finish() { return pending_.size() > 0 ? Write() : absl::OkStatus(); }

  SplitReport report;

 private:
  absl::Status Write() {
    const std::string name = absl::StrFormat("shard-%05d.xpshard", report.shards++);
    absl::Status status = WriteShard(dir_ / name, pending_, id_limit_);
    pending_ = Examples();
    return status;
  }

  const fs::path dir_;
  const size_t shard_examples_;
  const uint32_t id_limit_;
  Examples pending_;
};

// All that the options name.
absl::Status ReadAll(const PrepareOptions& options, const OnDocument& on_document,
                     const std::function<void(uint64_t)>& on_total) {
  SourceOptions source = options.source;
  source.on_total = on_total;
  absl::Status status = ReadDocuments(options.input, source, on_document);
  if (!status.ok() || options.test_input.empty()) return status;
  source.split = Split::kTest;
  return ReadDocuments(options.test_input, source, on_document);
}

// A folder or a tar has a split of its own to say: some of it would be trained on.
absl::Status CheckTestInput(const PrepareOptions& options) {
  if (options.test_input.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<SourceFile>> files = FindSources(options.test_input, options.source);
  if (!files.ok()) return files.status();
  std::error_code error;
  if ((*files)[0].format != SourceFormat::kAclImdb &&
      !fs::is_directory(options.test_input, error)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      options.test_input.string() +
      ": is no file of test examples; accepted: a .csv, .tsv or .jsonl (a folder or tar with "
      "training and test data is an --input)");
}

// The labels are needed before the first shard is written; files are read twice for them.
absl::StatusOr<LabelMap> FindLabels(const PrepareOptions& options, const ModelConfig& config,
                                    Progress& progress) {
  absl::StatusOr<std::vector<SourceFile>> files = FindSources(options.input, options.source);
  if (!files.ok()) return files.status();
  if ((*files)[0].format == SourceFormat::kAclImdb) {
    return LabelMap::Create({"neg", "pos"}, config);
  }
  std::set<std::string> found;
  uint64_t documents = 0;
  absl::Status status = ReadAll(
      options,
      [&](Document document) {
        ++documents;
        if (document.split == Split::kTrain && found.size() <= LabelMap::kMaxLabels) {
          found.insert(std::move(document.label));
        }
        return absl::OkStatus();
      },
      nullptr);
  if (!status.ok()) return status;
  progress.SetTotal(documents);
  return LabelMap::Create(found, config);
}

// What of the model, besides config.json, goes along with the data.
absl::StatusOr<std::vector<std::string>> ModelFiles(const PrepareOptions& options) {
  std::vector<std::string> names = TokenizerFiles(options.model);
  if (options.copy_weights == CopyWeights::kNo) return names;
  absl::StatusOr<std::vector<std::string>> weights = WeightFilesOf(options.model);
  if (!weights.ok()) return weights.status();
  names.insert(names.end(), weights->begin(), weights->end());
  return names;
}

// What an earlier run took along and this one does not: of two models' files the wrong might count.
void RemoveOtherModel(const fs::path& dir, const std::vector<std::string>& kept) {
  std::vector<std::string> known(std::begin(kTokenizerFiles), std::end(kTokenizerFiles));
  for (const char* name : kWeightFiles) {
    known.emplace_back(name);
    if (!IsWeightIndex(name)) continue;
    const auto map = ReadWeightMap(dir / name);
    if (!map.ok()) continue;  // it is not there, or names nothing
    for (const auto& [array, file] : *map) {
      if (file.ends_with(".safetensors") || file.ends_with(".bin")) known.push_back(file);
    }
  }
  RemoveOthers(dir, known, kept);
}

absl::Status CopyModel(const PrepareOptions& options, const ModelConfig& config,
                       const std::vector<std::string>& names) {
  const fs::path to = options.output / "train";
  std::error_code error;
  // The model may be what is being written to: it keeps what it has.
  if (!fs::equivalent(options.model, to, error)) RemoveOtherModel(to, names);
  for (const std::string& name : names) {
    absl::Status status = CopyFile(options.model / name, to / name);
    if (!status.ok()) return status;
  }
  return WriteFile(to / "config.json", ModelConfigJson(config));
}

absl::Status WriteManifest(const fs::path& dir, const SplitReport& report,
                           const PrepareOptions& options, const std::vector<std::string>& labels,
                           const std::string& fingerprint) {
  const Json manifest = {{"format", "xpshard"},
                         {"version", kShardVersion},
                         {"examples", report.examples},
                         {"tokens", report.tokens},
                         {"truncated", report.truncated},
                         {"invalid_utf8_replaced", report.replaced},
                         {"max_length", options.max_length},
                         {"labels", labels},
                         {"tokenizer_crc32", fingerprint}};
  return WriteFile(dir / kManifestName, manifest.dump(2) + "\n");
}

}  // namespace

absl::StatusOr<PrepareReport> Prepare(const PrepareOptions& options, Progress& progress) {
  absl::StatusOr<ModelConfig> config = ReadModelConfig(options.model);
  if (!config.ok()) return config.status();
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = LoadTokenizer(options.model);
  if (!tokenizer.ok()) return tokenizer.status();
  const absl::StatusOr<std::string> misfit =
      CheckVocabularyFit(options.model, **tokenizer, config->vocab_size, LargerTokenizer::kRefused);
  if (!misfit.ok()) return misfit.status();
  absl::StatusOr<std::string> fingerprint = Fingerprint(options.model);
  if (!fingerprint.ok()) return fingerprint.status();
  absl::StatusOr<std::vector<std::string>> model_files = ModelFiles(options);
  if (!model_files.ok()) return model_files.status();
  if (absl::Status status = CheckTestInput(options); !status.ok()) return status;
  EncodeOptions encode{std::min(options.max_length, size_t(config->max_tokens()))};
  absl::StatusOr<LabelMap> labels = FindLabels(options, *config, progress);
  if (!labels.ok()) return labels.status();

  const auto id_limit = uint32_t(config->vocab_size);
  ShardWriter train(options.output / "train", options.shard_examples, id_limit);
  ShardWriter test(options.output / "test", options.shard_examples, id_limit);
  if (absl::Status status = train.Begin(); !status.ok()) return status;
  if (absl::Status status = test.Begin(); !status.ok()) return status;
  EncodePool pool(*tokenizer, encode, options.threads, [&](const EncodedBlock& block) {
    train.report.truncated += block.truncated[0];
    train.report.replaced += block.replaced[0];
    test.report.truncated += block.truncated[1];
    test.report.replaced += block.replaced[1];
    absl::Status status = train.Add(block.train);
    if (status.ok()) status = test.Add(block.test);
    progress.Update(train.report.examples + test.report.examples);
    return status;
  });
  auto block = std::make_unique<EncodedBlock>();
  absl::Status status = ReadAll(
      options,
      [&](Document document) {
        const int32_t label = labels->Find(document.label);
        if (label < 0) {
          const fs::path& from = options.test_input.empty() ? options.input : options.test_input;
          return absl::InvalidArgumentError(from.string() + ": the label '" + document.label +
                                            "' is in the test data only");
        }
        block->labels.push_back(label);
        block->documents.push_back(std::move(document));
        if (block->documents.size() < kBlockDocuments) return absl::OkStatus();
        return pool.Submit(std::exchange(block, std::make_unique<EncodedBlock>()));
      },
      [&](uint64_t total) { progress.SetTotal(total); });
  if (status.ok()) status = pool.Submit(std::move(block));
  if (status.ok()) status = pool.Drain();
  if (status.ok()) status = train.Finish();
  if (status.ok()) status = test.Finish();
  if (!status.ok()) return status;
  if (train.report.examples == 0) {
    return absl::InvalidArgumentError(options.input.string() + ": no training example in it");
  }
  progress.Finish(train.report.examples + test.report.examples);
  config->labels = labels->names();
  status = CopyModel(options, *config, *model_files);
  for (const auto& [name, writer] :
       {std::pair<const char*, ShardWriter*>{"train", &train}, {"test", &test}}) {
    if (!status.ok()) return status;
    status = WriteManifest(options.output / name, writer->report, options, labels->names(),
                           *fingerprint);
  }
  if (!status.ok()) return status;
  return PrepareReport{train.report, test.report, labels->names(), *misfit};
}

}  // namespace xp::trainer
