#include "worker/trainer/model/config.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <map>
#include <utility>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

using Json = nlohmann::ordered_json;

// Reads keys of one config.json; the first problem stays.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  void Count(const char* key, int64_t low, int64_t& value) {
    constexpr int64_t kMost = 1 << 28;
    const auto it = object_.find(key);
    if (it == object_.end() || it->is_null()) return;
    if (!it->is_number_integer() || it->get<int64_t>() < low || it->get<int64_t>() > kMost) {
      return Fail(key, *it, absl::StrFormat("a whole number from %d to %d", low, kMost));
    }
    value = it->get<int64_t>();
  }

  void Number(const char* key, double low, double high, double& value) {
    const auto it = object_.find(key);
    if (it == object_.end() || it->is_null()) return;
    if (!it->is_number() || !(it->get<double>() >= low && it->get<double>() <= high)) {
      return Fail(key, *it, absl::StrFormat("a number from %g to %g", low, high));
    }
    value = it->get<double>();
  }

  void Flag(const char* key, bool& value) {
    const auto it = object_.find(key);
    if (it == object_.end() || it->is_null()) return;
    if (!it->is_boolean()) return Fail(key, *it, "true or false");
    value = it->get<bool>();
  }

  void Act(const char* key, Activation& value) {
    static const std::map<std::string, Activation> known = {
        {"gelu", Activation::kGelu}, {"gelu_new", Activation::kGeluTanh},
        {"relu", Activation::kRelu}, {"gelu_pytorch_tanh", Activation::kGeluTanh},
        {"silu", Activation::kSilu}, {"swish", Activation::kSilu}};
    const auto it = object_.find(key);
    if (it == object_.end()) return;
    const auto found = it->is_string() ? known.find(it->get<std::string>()) : known.end();
    if (found == known.end())
      return Fail(key, *it, "gelu, gelu_new, gelu_pytorch_tanh, relu, silu");
    value = found->second;
  }

  // A text of which one value is known.
  void Only(const char* key, const char* accepted) {
    const auto it = object_.find(key);
    if (it != object_.end() && !it->is_null() && *it != accepted) Fail(key, *it, accepted);
  }

  void Fail(const char* key, const Json& found, const std::string& accepted) {
    if (!status.ok()) return;
    status = absl::InvalidArgumentError(
        absl::StrFormat("%s is %s; accepted: %s", key, found.dump(), accepted));
  }

  absl::Status status;

 private:
  const Json& object_;
};

void ReadDistilBert(Reader& in, ModelConfig& config) {
  config.type_vocab_size = 0;
  config.classifier_dropout = 0.2;
  in.Count("dim", 1, config.hidden_size);
  in.Count("n_layers", 1, config.layers);
  in.Count("n_heads", 1, config.heads);
  in.Count("hidden_dim", 1, config.intermediate_size);
  in.Act("activation", config.activation);
  in.Number("dropout", 0, 1, config.hidden_dropout);
  in.Number("attention_dropout", 0, 1, config.attention_dropout);
  in.Number("seq_classif_dropout", 0, 1, config.classifier_dropout);
  in.Flag("sinusoidal_pos_embds", config.sinusoidal_positions);
}

void ReadBert(Reader& in, ModelConfig& config) {
  config.layers = 12;
  if (config.type == ModelType::kRoberta) {
    config.vocab_size = 50265;
    config.pad_token_id = 1;
  }
  in.Count("hidden_size", 1, config.hidden_size);
  in.Count("num_hidden_layers", 1, config.layers);
  in.Count("num_attention_heads", 1, config.heads);
  in.Count("intermediate_size", 1, config.intermediate_size);
  in.Count("type_vocab_size", 1, config.type_vocab_size);
  in.Act("hidden_act", config.activation);
  in.Number("layer_norm_eps", 0, 1, config.layer_norm_epsilon);
  in.Number("hidden_dropout_prob", 0, 1, config.hidden_dropout);
  in.Number("attention_probs_dropout_prob", 0, 1, config.attention_dropout);
  config.classifier_dropout = config.hidden_dropout;
  in.Number("classifier_dropout", 0, 1, config.classifier_dropout);
  in.Only("position_embedding_type", "absolute");
}

void ReadLabels(Reader& in, const Json& object, ModelConfig& config) {
  int64_t count = 0;
  in.Count("num_labels", 1, count);
  for (int64_t i = 0; i < count && count <= 100000; ++i) {
    config.labels.resize(size_t(count));
    config.labels[size_t(i)] = absl::StrFormat("LABEL_%d", i);
  }
  const auto it = object.find("id2label");
  if (it == object.end() || !it->is_object() || it->empty()) return;
  std::vector<std::string> labels(it->size());
  for (const auto& [key, name] : it->items()) {
    size_t index = labels.size();
    if (!key.empty() && key.size() < 7 && key.find_first_not_of("0123456789") == key.npos) {
      index = size_t(std::stoul(key));
    }
    if (index >= labels.size() || !name.is_string()) {
      return in.Fail("id2label", *it, "the class indices 0, 1, ... each with a text");
    }
    labels[index] = name.get<std::string>();
  }
  config.labels = std::move(labels);
}

absl::Status Check(const ModelConfig& config) {
  if (config.hidden_size % config.heads != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the hidden size %d is not a multiple of the %d attention heads",
                        config.hidden_size, config.heads));
  }
  if (config.max_tokens() < 3) {
    return absl::InvalidArgumentError("max_position_embeddings leaves no room for any text");
  }
  if (config.pad_token_id >= config.vocab_size) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "pad_token_id %d is outside the vocabulary of %d", config.pad_token_id, config.vocab_size));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ModelTypeName(ModelType type) {
  switch (type) {
    case ModelType::kBert:
      return "bert";
    case ModelType::kDistilBert:
      return "distilbert";
    case ModelType::kRoberta:
      return "roberta";
  }
  return "unknown";
}

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text) {
  ModelConfig config;
  if (const auto plain = ParseJson(text); !plain.ok()) return plain.status();
  config.raw = Json::parse(text);  // again: in the order of the file
  if (!config.raw.is_object()) return absl::InvalidArgumentError("must be a JSON object");
  std::string type = "(none)";
  if (config.raw.contains("model_type")) type = config.raw["model_type"].dump();
  Reader in(config.raw);
  if (type == "\"bert\"" || type == "\"roberta\"") {
    config.type = type == "\"bert\"" ? ModelType::kBert : ModelType::kRoberta;
    ReadBert(in, config);
  } else if (type == "\"distilbert\"") {
    config.type = ModelType::kDistilBert;
    ReadDistilBert(in, config);
  } else {
    return absl::InvalidArgumentError("model_type is " + type +
                                      "; accepted: bert, distilbert, roberta");
  }
  in.Count("vocab_size", 1, config.vocab_size);
  in.Count("max_position_embeddings", 1, config.max_positions);
  in.Count("pad_token_id", 0, config.pad_token_id);
  in.Number("initializer_range", 0, 10, config.initializer_range);
  in.Only("problem_type", "single_label_classification");
  ReadLabels(in, config.raw, config);
  if (!in.status.ok()) return in.status;
  if (absl::Status status = Check(config); !status.ok()) return status;
  return config;
}

absl::StatusOr<ModelConfig> ReadModelConfig(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "config.json";
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<ModelConfig> config = ParseModelConfig(*text);
  if (config.ok()) return config;
  return absl::InvalidArgumentError(file.string() + ": " + std::string(config.status().message()));
}

std::string ModelConfigJson(const ModelConfig& config) {
  Json out = config.raw;
  const char* architecture = config.type == ModelType::kBert ? "BertForSequenceClassification"
                             : config.type == ModelType::kRoberta
                                 ? "RobertaForSequenceClassification"
                                 : "DistilBertForSequenceClassification";
  out["architectures"] = Json::array({architecture});
  out["problem_type"] = "single_label_classification";
  // Weights are written in it, and transformers 5 reads them in what stands here.
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (out.contains(key)) out[key] = "float32";
  }
  Json id2label = Json::object(), label2id = Json::object();
  for (size_t i = 0; i < config.labels.size(); ++i) {
    id2label[std::to_string(i)] = config.labels[i];
    label2id[config.labels[i]] = i;
  }
  out["id2label"] = id2label;
  out["label2id"] = label2id;
  out.erase("num_labels");  // transformers derives it
  return out.dump(2) + "\n";
}

absl::StatusOr<ModelConfig> MakeSmallConfig(const SmallModel& small) {
  Json raw;
  raw["model_type"] = ModelTypeName(small.type);
  if (small.type == ModelType::kDistilBert) {
    raw["dim"] = small.hidden_size;
    raw["n_layers"] = small.layers;
    raw["n_heads"] = small.heads;
    raw["hidden_dim"] = small.intermediate_size;
    raw["activation"] = "gelu";
    raw["dropout"] = 0.1;
    raw["attention_dropout"] = 0.1;
    raw["seq_classif_dropout"] = 0.2;
    raw["sinusoidal_pos_embds"] = false;
    raw["max_position_embeddings"] = small.max_tokens;
  } else {
    const bool roberta = small.type == ModelType::kRoberta;
    raw["hidden_size"] = small.hidden_size;
    raw["num_hidden_layers"] = small.layers;
    raw["num_attention_heads"] = small.heads;
    raw["intermediate_size"] = small.intermediate_size;
    raw["hidden_act"] = "gelu";
    raw["hidden_dropout_prob"] = 0.1;
    raw["attention_probs_dropout_prob"] = 0.1;
    raw["layer_norm_eps"] = roberta ? 1e-5 : 1e-12;
    raw["type_vocab_size"] = roberta ? 1 : 2;
    raw["max_position_embeddings"] = small.max_tokens + (roberta ? small.pad_token_id + 1 : 0);
    if (roberta) {
      raw["bos_token_id"] = 0;
      raw["eos_token_id"] = 2;
    }
  }
  raw["initializer_range"] = 0.02;
  raw["pad_token_id"] = small.pad_token_id;
  raw["vocab_size"] = small.vocab_size;
  return ParseModelConfig(raw.dump());
}

}  // namespace xp::trainer
