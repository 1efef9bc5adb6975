#include "worker/trainer/model/classifier.h"

#include <utility>

#include "worker/trainer/model/fused_ops.h"
#include "worker/trainer/model/recompute.h"

namespace xp::trainer {
namespace {

at::Tensor Apply(const Linear& linear, const at::Tensor& x) {
  return at::linear(x, linear.weight, linear.bias);
}

// A dropout's probability: none outside of training.
double Chance(double probability, Mode mode) { return mode == Mode::kEvaluate ? 0 : probability; }

}  // namespace

Classifier::Classifier(ModelConfig config, at::Device device)
    : config_(std::move(config)),
      device_(device),
      parameters_(AllocateParameters(config_, device)) {
  for (Parameter& parameter : parameters_.all) InitializeParameter(config_, parameter);
}

at::Tensor Classifier::Forward(const Batch& batch, Mode mode) const {
  at::Tensor hidden = Embed(batch, mode);  // [N, H]
  Attended attended{batch.ids.size(0), batch.ids.size(1), {}, batch.packing.rows};
  if (batch.mask.defined()) {
    attended.ignored_keys = batch.mask.logical_not().unsqueeze(1).unsqueeze(1);
  }
  for (const LayerParameters& layer : parameters_.layers) {
    const auto run = [this, &layer, attended, mode](const at::Tensor& x) {
      return Layer(layer, x, attended, mode);
    };
    hidden = mode == Mode::kTrainRecomputing ? Recomputed(hidden, run) : run(hidden);
  }
  // [B, H], of [CLS] or <s>
  at::Tensor first = batch.packing.on()
                         ? hidden.index_select(0, batch.packing.firsts)
                         : hidden.view({attended.batch, attended.length, -1}).select(1, 0);
  if (config_.type == ModelType::kRoberta)
    first = Dropout(first, Chance(config_.classifier_dropout, mode));
  first = Apply(parameters_.head, first);
  first = config_.type == ModelType::kDistilBert ? first.relu() : first.tanh();
  first = Dropout(first, Chance(config_.classifier_dropout, mode));
  return Apply(parameters_.classifier, first).to(at::kFloat);
}

at::Tensor Classifier::Embed(const Batch& batch, Mode mode) const {
  const at::Tensor& ids = batch.ids;
  // [B, T] to [N]
  const auto rows = [&](const at::Tensor& all) {
    return batch.packing.on() ? all.flatten().index_select(0, batch.packing.rows) : all.flatten();
  };
  at::Tensor hidden = at::embedding(parameters_.word, rows(ids), config_.pad_token_id);
  if (config_.type == ModelType::kRoberta) {
    // Positions count the tokens that are not padding, from padding + 1 (fairseq's habit).
    const at::Tensor real = ids.ne(config_.pad_token_id).to(at::kLong);  // [B, T]
    const at::Tensor positions = real.cumsum(1) * real + config_.pad_token_id;
    hidden = hidden + at::embedding(parameters_.position, rows(positions), config_.pad_token_id);
  } else if (batch.packing.on()) {
    hidden = hidden + at::embedding(parameters_.position, batch.packing.rows % ids.size(1));
  } else {
    const int64_t B = ids.size(0), T = ids.size(1), H = config_.hidden_size;
    hidden = (hidden.view({B, T, H}) + parameters_.position.slice(0, 0, T)).view({B * T, H});
  }
  if (parameters_.token_type.defined()) {
    hidden = batch.token_types.defined()
                 ? hidden + at::embedding(parameters_.token_type, rows(batch.token_types))
                 : hidden + parameters_.token_type.select(0, 0);
  }
  hidden = Normalize(hidden, parameters_.embedding_norm);
  return Dropout(hidden, Chance(config_.hidden_dropout, mode));
}

at::Tensor Classifier::Layer(const LayerParameters& layer, const at::Tensor& hidden,
                             const Attended& attended, Mode mode) const {
  // DistilBERT has no dropout after its attention's output; the others have.
  const double dropout =
      config_.type == ModelType::kDistilBert ? 0 : Chance(config_.hidden_dropout, mode);
  const at::Tensor context = Attend(layer, hidden, attended, mode);
  const at::Tensor middle = Normalize(DropoutAdd(context, dropout, hidden), layer.attention_norm);
  const at::Tensor fed = Apply(layer.down, Activate(Apply(layer.up, middle)));  // [N, H]
  return Normalize(DropoutAdd(fed, Chance(config_.hidden_dropout, mode), middle),
                   layer.output_norm);
}

at::Tensor Classifier::Attend(const LayerParameters& layer, const at::Tensor& hidden,
                              const Attended& attended, Mode mode) const {
  const int64_t B = attended.batch, T = attended.length, H = config_.hidden_size;
  const int64_t heads = config_.heads, size = H / heads;
  at::Tensor qkv = Apply(layer.qkv, hidden);  // [N, 3 * H]
  if (attended.rows.defined()) qkv = Unpack(qkv, attended.rows, B * T);
  qkv = qkv.view({B, T, 3, heads, size}).permute({2, 0, 3, 1, 4});  // [3, B, heads, T, size]
  at::Tensor context = Attention(qkv[0], qkv[1], qkv[2], attended.ignored_keys,
                                 Chance(config_.attention_dropout, mode));  // [B, heads, T, size]
  context = context.transpose(1, 2).reshape({B * T, H});
  if (attended.rows.defined()) context = Pack(context, attended.rows);
  return Apply(layer.attention, context);
}

at::Tensor Classifier::Activate(const at::Tensor& x) const {
  switch (config_.activation) {
    case Activation::kGelu:
      return at::gelu(x);  // the exact form, with erf
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kSilu:
      return at::silu(x);
  }
  return x;
}

at::Tensor Classifier::Normalize(const at::Tensor& x, const Norm& norm) const {
  return at::layer_norm(x, {config_.hidden_size}, norm.weight, norm.bias,
                        config_.layer_norm_epsilon);
}

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits.to(at::kFloat), labels);
}

}  // namespace xp::trainer
