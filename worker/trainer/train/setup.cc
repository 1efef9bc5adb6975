#include "worker/trainer/train/setup.h"

#include <zlib.h>

#include <absl/strings/str_format.h>
#include <utility>

#include "worker/trainer/data/examples_fit.h"
#include "worker/trainer/data/ids_lines.h"
#include "worker/trainer/data/prepare.h"
#include "worker/trainer/files.h"
#include "worker/trainer/model/checkpoint.h"
#include "worker/trainer/train/result_places.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

// A folder of shards that prepare has finished, with its manifest.
absl::StatusOr<Examples> ReadPrepared(const fs::path& dir, nlohmann::json* manifest) {
  absl::StatusOr<nlohmann::json> read = ReadJson(dir / kManifestName);
  if (!read.ok()) {
    return absl::NotFoundError(absl::StrFormat(
        "%s is no prepared data (%s); `xptrain prepare` makes it, and writes %s last of all",
        dir.string(), read.status().message(), kManifestName));
  }
  *manifest = *std::move(read);
  const auto found = manifest->is_object() ? manifest->find("examples") : manifest->end();
  if (found == manifest->end() || !found->is_number_unsigned()) {
    return absl::DataLossError(
        absl::StrFormat("%s: 'examples' is no count in it; prepare the data again",
                        (dir / kManifestName).string()));
  }
  const auto count = found->get<uint64_t>();
  if (count == 0) return Examples();
  absl::StatusOr<Examples> examples = ReadShardFolder(dir);
  if (!examples.ok()) return examples.status();
  if (examples->size() != count) {
    return absl::DataLossError(absl::StrFormat("%s: %d examples, %s says %d; prepare it again",
                                               dir.string(), examples->size(), kManifestName,
                                               count));
  }
  return examples;
}

absl::Status LoadData(const TrainOptions& options, TrainSetup& setup) {
  if (!options.ids.empty()) {
    absl::StatusOr<Examples> lines = ReadIdsLines(options.ids, Labels::kRequired);
    if (!lines.ok()) return lines.status();
    setup.train = *std::move(lines);
    return absl::OkStatus();
  }
  nlohmann::json train_manifest, test_manifest;
  absl::StatusOr<Examples> train = ReadPrepared(options.train, &train_manifest);
  if (!train.ok()) return train.status();
  setup.train = *std::move(train);
  if (setup.train.size() == 0) {
    return absl::InvalidArgumentError(options.train.string() + ": no example in it");
  }
  if (options.test.empty()) return absl::OkStatus();
  absl::StatusOr<Examples> test = ReadPrepared(options.test, &test_manifest);
  if (!test.ok()) return test.status();
  for (const char* key : {"tokenizer_crc32", "labels"}) {
    if (train_manifest[key] == test_manifest[key]) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "the train and test channels were prepared apart: %s is %s in one and %s in the other", key,
        train_manifest[key].dump(), test_manifest[key].dump()));
  }
  setup.test = *std::move(test);
  setup.has_test = setup.test.size() > 0;
  return absl::OkStatus();
}

absl::StatusOr<Precision> ChoosePrecision(const std::string& name, at::Device device) {
  if (name == "fp32") return Precision::kFloat32;
  if (name == "bf16") return Precision::kBFloat16;
  if (name == "fp16" && device.is_cpu()) {
    return absl::InvalidArgumentError("--precision fp16 needs a GPU; on a CPU there is bf16");
  }
  if (name == "fp16") return Precision::kFloat16;
  if (name == "auto") return device.is_cuda() ? Precision::kBFloat16 : Precision::kFloat32;
  return absl::InvalidArgumentError("--precision '" + name + "'; accepted: auto, fp32, bf16, fp16");
}

absl::StatusOr<LossScaler::Use> ChooseScaling(const std::string& name, Precision precision) {
  if (name == "dynamic") return LossScaler::Use::kOn;
  if (name == "none") return LossScaler::Use::kOff;
  if (name == "auto") {
    return precision == Precision::kFloat16 ? LossScaler::Use::kOn : LossScaler::Use::kOff;
  }
  return absl::InvalidArgumentError("--loss-scaling '" + name + "'; accepted: auto, dynamic, none");
}

uint32_t DataCrc(const Examples& examples) {
  uLong crc = 0;
  const auto add = [&](const auto& items) {
    if (items.empty()) return;  // crc32_z begins anew where there is no address
    crc =
        crc32_z(crc, reinterpret_cast<const Bytef*>(items.data()), items.size() * sizeof items[0]);
  };
  add(examples.ids);
  add(examples.labels);
  add(examples.starts);
  add(examples.mask);
  add(examples.types);
  return uint32_t(crc);
}

}  // namespace

absl::StatusOr<TrainSetup> SetUp(const TrainOptions& options, std::ostream& err) {
  TrainSetup setup;
  if (absl::Status status = CheckModelStays(options); !status.ok()) return status;
  absl::StatusOr<ModelConfig> config = ReadModelConfig(options.model);
  if (!config.ok()) return config.status();
  absl::StatusOr<TokenizerCopy> tokenizer = ReadTokenizerCopy(options.model);
  if (!tokenizer.ok()) return tokenizer.status();
  setup.tokenizer = *std::move(tokenizer);
  if (options.dropout >= 0) {
    config->hidden_dropout = config->attention_dropout = config->classifier_dropout =
        options.dropout;
  }
  if (absl::Status status = LoadData(options, setup); !status.ok()) return status;
  if (absl::Status s = CheckFit(setup.train, *config, Labels::kRequired, "training"); !s.ok())
    return s;
  if (absl::Status s = CheckFit(setup.test, *config, Labels::kRequired, "test"); !s.ok()) return s;
  if (options.pad_to > config->max_tokens()) {
    return absl::InvalidArgumentError(absl::StrFormat("--pad_to %d: the model takes %d tokens",
                                                      options.pad_to, config->max_tokens()));
  }
  if (absl::Status status = MakeResultPlaces(options); !status.ok()) return status;
  absl::StatusOr<at::Device> device = ChooseDevice(options.device);
  if (!device.ok()) return device.status();
  setup.device = *device;
  absl::StatusOr<Precision> precision = ChoosePrecision(options.precision, *device);
  if (!precision.ok()) return precision.status();
  setup.precision = *precision;
  absl::StatusOr<LossScaler::Use> scaling = ChooseScaling(options.loss_scaling, *precision);
  if (!scaling.ok()) return scaling.status();
  setup.loss_scaling = *scaling;
  absl::StatusOr<int> threads = SetThreads(options.threads);
  if (!threads.ok()) return threads.status();
  setup.threads = *threads;
  absl::Status status = CatchTorch("making the model", [&] {
    SeedAll(options.seed);
    setup.classifier = std::make_unique<Classifier>(*config, *device);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  int64_t count = 0;
  for (const Parameter& parameter : setup.classifier->parameters())
    count += parameter.value.numel();
  err << absl::StrFormat(
             "xptrain: %s, %.1f million parameters, %d training and %d test examples, on %s (%s, "
             "%d threads)\n",
             ModelTypeName(config->type), double(count) / 1e6, setup.train.size(),
             setup.test.size(), setup.device.str(), PrecisionName(setup.precision), setup.threads)
      << std::flush;
  return setup;
}

absl::Status LoadInitialWeights(const TrainOptions& options, TrainSetup& setup, std::ostream& err) {
  if (!HasWeights(options.model)) {
    err << "xptrain: no weights in " << options.model.string() << ": training from scratch\n";
    return absl::OkStatus();
  }
  absl::StatusOr<LoadReport> report =
      LoadWeights(options.model, HeadPolicy::kMayBeNew, *setup.classifier);
  if (!report.ok()) return report.status();
  err << "xptrain: weights from " << report->source << '\n';
  for (const std::string& name : report->missing) err << "xptrain: new: " << name << '\n';
  if (!report->extra.empty()) {
    err << "xptrain: not used:";
    for (const std::string& name : report->extra) err << ' ' << name;
    err << '\n';
  }
  return absl::OkStatus();
}

nlohmann::ordered_json ResumeSettings(const TrainOptions& options, const TrainSetup& setup) {
  const ModelConfig& model = setup.classifier->config();
  return {{"model_type", ModelTypeName(model.type)},
          {"vocab_size", model.vocab_size},
          {"hidden_size", model.hidden_size},
          {"layers", model.layers},
          {"heads", model.heads},
          {"intermediate_size", model.intermediate_size},
          {"max_positions", model.max_positions},
          {"labels", model.labels},
          {"activation", int(model.activation)},
          {"layer_norm_epsilon", model.layer_norm_epsilon},
          {"hidden_dropout", model.hidden_dropout},
          {"attention_dropout", model.attention_dropout},
          {"classifier_dropout", model.classifier_dropout},
          {"train_examples", setup.train.size()},
          {"train_crc32", DataCrc(setup.train)},
          {"epochs", options.epochs},
          {"max_steps", options.max_steps},
          {"train_batch_size", options.train_batch_size},
          {"gradient_accumulation_steps", options.gradient_accumulation_steps},
          {"learning_rate", options.learning_rate},
          {"warmup_steps", options.warmup_steps},
          {"warmup_ratio", options.warmup_ratio},
          {"weight_decay", options.weight_decay},
          {"adam_beta1", options.adam_beta1},
          {"adam_beta2", options.adam_beta2},
          {"adam_epsilon", options.adam_epsilon},
          {"max_grad_norm", options.max_grad_norm},
          {"precision", PrecisionName(setup.precision)},
          {"loss_scaling", setup.loss_scaling == LossScaler::Use::kOn},
          {"order", int(options.order)},
          {"pad_to", options.pad_to},
          {"seed", options.seed}};
}

}  // namespace xp::trainer
