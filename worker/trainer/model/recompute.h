// Activation checkpointing: what lies between a block's input and its output is not kept for the
// backward pass but computed again there, with the same random numbers and in the same precision.
// Needs LibTorch; only where gradients are taken.
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace xp::trainer {

using Block = std::function<at::Tensor(const at::Tensor&)>;

// block(x). `block` runs twice, and whatever it refers to must live until the backward pass is
// done. Bit for bit what block(x) and its gradients are on a CPU.
at::Tensor Recomputed(const at::Tensor& x, Block block);

}  // namespace xp::trainer
