// The numbers of an array that lie in another order than row by row, as torch.save writes tensors
// that were transposed, sliced or expanded. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xp::trainer {

// The steps between neighbours in each dimension, in elements: none is negative, one a dimension.
using Strides = std::vector<int64_t>;

// Whether these strides are those of an array that lies row by row (dimensions of size 1 or 0 have
// any).
bool IsRowMajor(const std::vector<int64_t>& shape, const Strides& strides);

// Whether each element, counted from `offset`, is one of the `held` that there are. True for an
// array without elements whose offset is not beyond them. No product overflows.
bool LiesWithin(const std::vector<int64_t>& shape, const Strides& strides, int64_t offset,
                uint64_t held);

// The elements row by row; `first` is the first one's place. Only for arrays that LiesWithin;
// their number times `width` (bytes of an element: 1, 2, 4, 8) must fit in memory.
std::vector<char> GatherRowMajor(const char* first, size_t width, const std::vector<int64_t>& shape,
                                 const Strides& strides);

}  // namespace xp::trainer
