#include "worker/trainer/model/fused_ops.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "worker/trainer/model/cpu_kernels.h"

namespace xp::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool IsFast(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

int64_t DrawSeed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  return int64_t(at::check_generator<at::CPUGeneratorImpl>(generator)->random64());
}

float* Floats(const at::Tensor& x) { return x.data_ptr<float>(); }
BFloat16Bits* Halves(const at::Tensor& x) {
  return reinterpret_cast<BFloat16Bits*>(x.data_ptr<at::BFloat16>());
}

// Calls body(begin, count, row) for each row of random numbers of a flat array.
template <typename Body>
void ForEachDropoutRow(int64_t elements, const Body& body) {
  const int64_t rows = (elements + kDropoutRow - 1) / kDropoutRow;
  at::parallel_for(0, rows, 4, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * kDropoutRow;
      body(at, std::min(kDropoutRow, elements - at), row);
    }
  });
}

// x and out are contiguous; residual may be undefined.
void RunDropout(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& out,
                const DropoutRule& rule) {
  const float* const more = residual.defined() ? Floats(residual) : nullptr;
  const bool from_half = x.scalar_type() == at::kBFloat16;
  const bool to_half = out.scalar_type() == at::kBFloat16;
  ForEachDropoutRow(x.numel(), [&](int64_t at, int64_t count, int64_t row) {
    const float* const added = more == nullptr ? nullptr : more + at;
    if (from_half && to_half) {
      DropoutRow(Halves(x) + at, Halves(out) + at, count, row, rule);
    } else if (from_half) {
      DropoutRow(Halves(x) + at, added, Floats(out) + at, count, row, rule);
    } else if (to_half) {
      DropoutRow(Floats(x) + at, Halves(out) + at, count, row, rule);
    } else {
      DropoutRow(Floats(x) + at, added, Floats(out) + at, count, row, rule);
    }
  });
}

void Remember(AutogradContext* context, const at::Tensor& x, const DropoutRule& rule) {
  context->saved_data["p"] = rule.probability;
  context->saved_data["seed"] = int64_t(rule.seed);
  context->saved_data["type"] = int64_t(x.scalar_type());
}

DropoutRule RuleOf(AutogradContext* context) {
  return {uint64_t(context->saved_data["seed"].toInt()), context->saved_data["p"].toDouble()};
}

// The mask is made again from the seed.
at::Tensor DropoutGradient(AutogradContext* context, const at::Tensor& gradient) {
  const auto type = at::ScalarType(context->saved_data["type"].toInt());
  at::Tensor to_x = at::empty(gradient.sizes(), gradient.options().dtype(type));
  RunDropout(gradient, {}, to_x, RuleOf(context));
  return to_x;
}

class DropoutFunction : public Function<DropoutFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double p, int64_t seed) {
    const DropoutRule rule = {uint64_t(seed), p};
    Remember(context, x, rule);
    const at::Tensor whole = x.contiguous();
    at::Tensor out = at::empty_like(whole);
    RunDropout(whole, {}, out, rule);
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {DropoutGradient(context, gradients[0].contiguous()), at::Tensor(), at::Tensor()};
  }
};

class DropoutAddFunction : public Function<DropoutAddFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& residual, double p, int64_t seed) {
    const DropoutRule rule = {uint64_t(seed), p};
    Remember(context, x, rule);
    const at::Tensor more = residual.contiguous();
    at::Tensor out = at::empty_like(more);
    RunDropout(x.contiguous(), more, out, rule);
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor gradient = gradients[0].contiguous();
    return {DropoutGradient(context, gradient), gradient, at::Tensor(), at::Tensor()};
  }
};

// `ignored` is not an input of the graph (and may be undefined), hence its address.
class AttentionFunction : public Function<AttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& scores, double scale,
                            const at::Tensor* ignored, double p, int64_t seed) {
    const at::Tensor from = scores.contiguous();
    const at::Tensor hidden = ignored->defined() ? ignored->contiguous() : *ignored;
    at::Tensor weights = at::empty_like(from);
    at::Tensor dropped = p > 0 ? at::empty_like(from) : weights;
    const DropoutRule rule = {uint64_t(seed), p};
    const int64_t T = from.size(-1), rows = from.numel() / T, rows_each = rows / from.size(0);
    const bool* const mask = hidden.defined() ? hidden.data_ptr<bool>() : nullptr;
    at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const bool* const of_row = mask == nullptr ? nullptr : mask + row / rows_each * T;
        const int64_t at = row * T;
        if (from.scalar_type() == at::kFloat) {
          AttentionRow(Floats(from) + at, of_row, Floats(weights) + at,
                       p > 0 ? Floats(dropped) + at : nullptr, T, float(scale), row, rule);
        } else {
          AttentionRow(Halves(from) + at, of_row, Halves(weights) + at,
                       p > 0 ? Halves(dropped) + at : nullptr, T, float(scale), row, rule);
        }
      }
    });
    context->save_for_backward({weights});
    context->saved_data["scale"] = scale;
    Remember(context, from, rule);
    return dropped;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor weights = context->get_saved_variables()[0];
    const at::Tensor gradient = gradients[0].to(weights.scalar_type()).contiguous();
    at::Tensor out = at::empty_like(weights);
    const DropoutRule rule = RuleOf(context);
    const auto scale = float(context->saved_data["scale"].toDouble());
    const int64_t T = weights.size(-1);
    at::parallel_for(0, weights.numel() / T, 16, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row * T;
        if (weights.scalar_type() == at::kFloat) {
          AttentionRowBackward(Floats(weights) + at, Floats(gradient) + at, Floats(out) + at, T,
                               scale, row, rule);
        } else {
          AttentionRowBackward(Halves(weights) + at, Halves(gradient) + at, Halves(out) + at, T,
                               scale, row, rule);
        }
      }
    });
    return {out, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// dropout(softmax(scores * scale)) over the last dimension; [B, heads, T, T].
at::Tensor AttentionWeights(const at::Tensor& scores, double scale, const at::Tensor& ignored,
                            double p) {
  if (IsFast(scores)) {
    return AttentionFunction::apply(scores, scale, &ignored, p, p == 0 ? int64_t{0} : DrawSeed());
  }
  at::Tensor scaled = scores.to(at::kFloat) * scale;
  if (ignored.defined()) {
    // A little above the lowest, so that bfloat16 does not round it to infinity.
    scaled = scaled.masked_fill(ignored, double(std::numeric_limits<float>::lowest()) * 0.99);
  }
  at::Tensor weights = at::softmax(scaled, -1);
  if (p > 0) weights = at::dropout(weights, p, /*train=*/true);
  return weights.to(scores.scalar_type());
}

}  // namespace

at::Tensor Dropout(const at::Tensor& x, double p) {
  if (p == 0) return x;
  if (!IsFast(x)) return at::dropout(x, p, /*train=*/true);
  return DropoutFunction::apply(x, p, DrawSeed());
}

at::Tensor DropoutAdd(const at::Tensor& x, double p, const at::Tensor& residual) {
  if (!IsFast(x) || residual.scalar_type() != at::kFloat) {
    return (p == 0 ? x : at::dropout(x, p, /*train=*/true)) + residual;
  }
  return DropoutAddFunction::apply(x, residual, p, p == 0 ? int64_t{0} : DrawSeed());
}

bool MakesAttentionWeights(at::Device device) {
  return TORCH_VERSION_MAJOR < 2 || !device.is_cuda();
}

at::Tensor Attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const at::Tensor& ignored, double p) {
#if TORCH_VERSION_MAJOR >= 2
  // Never makes the [T, T] weights: flash attention where nothing is ignored.
  if (query.is_cuda()) {
    if (!ignored.defined()) return at::scaled_dot_product_attention(query, key, value, {}, p);
    return at::scaled_dot_product_attention(query, key, value, ignored.logical_not(), p);
  }
#endif
  const double scale = 1 / std::sqrt(double(query.size(-1)));
  const at::Tensor scores = at::matmul(query, key.transpose(-2, -1));  // [B, heads, T, T]
  return at::matmul(AttentionWeights(scores, scale, ignored, p), value);
}

}  // namespace xp::trainer
