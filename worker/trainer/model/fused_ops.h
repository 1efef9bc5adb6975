// The passes over arrays that a transformer's layer makes between its matrix products, with their
// gradients: on a CPU each in one pass of cpu_kernels.h, elsewhere and in other types as LibTorch
// computes them. Needs LibTorch. Random numbers come from the device's default generator.
#pragma once

#include <ATen/ATen.h>

namespace xp::trainer {

// dropout(x); p in [0, 1), 0: x itself.
at::Tensor Dropout(const at::Tensor& x, double p);

// dropout(x) + residual, in residual's type.
at::Tensor DropoutAdd(const at::Tensor& x, double p, const at::Tensor& residual);

// Whether Attention makes the weights, [B, heads, T, T], as arrays; on a GPU LibTorch 2 does not.
bool MakesAttentionWeights(at::Device device);

// dropout(softmax(query key^T / sqrt(D))) value: [B, heads, T, D], as its three inputs. ignored:
// [B, 1, 1, T] bool, true for keys whose score counts as the lowest finite number (where no weights
// are made: minus infinity, which is the same as long as one key of a row is not ignored), or
// undefined.
at::Tensor Attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const at::Tensor& ignored, double p);

}  // namespace xp::trainer
