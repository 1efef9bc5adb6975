// A batch without its padding: of an array [B * T, H] only the rows that hold tokens, as [N, H].
// All of a layer but its attention works on single rows, and so needs no others. Needs LibTorch.
#pragma once

#include <ATen/ATen.h>

namespace xp::trainer {

// On the device of the arrays. rows ascend; each example has at least one, its first.
struct Packing {
  at::Tensor rows;    // [N] int64: of the B * T places, those with tokens; undefined: all
  at::Tensor firsts;  // [B] int64: of the N rows, those of the examples' first tokens

  bool on() const { return rows.defined(); }
};

// [places, ...] to [N, ...].
at::Tensor Pack(const at::Tensor& all, const at::Tensor& rows);

// [N, ...] to [places, ...], with zeros where no token is.
at::Tensor Unpack(const at::Tensor& packed, const at::Tensor& rows, int64_t places);

}  // namespace xp::trainer
