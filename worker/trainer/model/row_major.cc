#include "worker/trainer/model/row_major.h"

#include <algorithm>
#include <cstring>

namespace xp::trainer {
namespace {

// Copies `count` elements that lie `stride` apart.
template <size_t kWidth>
void CopyLine(const char* from, int64_t stride, int64_t count, char* to) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(to + size_t(i) * kWidth, from + size_t(i * stride) * kWidth, kWidth);
  }
}

void CopyLine(size_t width, const char* from, int64_t stride, int64_t count, char* to) {
  switch (width) {
    case 1:
      return CopyLine<1>(from, stride, count, to);
    case 2:
      return CopyLine<2>(from, stride, count, to);
    case 4:
      return CopyLine<4>(from, stride, count, to);
    default:
      return CopyLine<8>(from, stride, count, to);
  }
}

}  // namespace

bool IsRowMajor(const std::vector<int64_t>& shape, const Strides& strides) {
  uint64_t due = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] > 1 && uint64_t(strides[i]) != due) return false;
    due *= uint64_t(std::max<int64_t>(shape[i], 1));
  }
  return true;
}

bool LiesWithin(const std::vector<int64_t>& shape, const Strides& strides, int64_t offset,
                uint64_t held) {
  if (offset < 0 || uint64_t(offset) > held) return false;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return true;
  uint64_t room = held - uint64_t(offset);  // elements from the last one reached to the end
  if (room == 0) return false;
  --room;
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto stride = uint64_t(strides[i]), steps = uint64_t(shape[i]) - 1;
    if (stride == 0) continue;
    if (steps > room / stride) return false;
    room -= steps * stride;
  }
  return true;
}

std::vector<char> GatherRowMajor(const char* first, size_t width, const std::vector<int64_t>& shape,
                                 const Strides& strides) {
  size_t bytes = width;
  for (const int64_t size : shape) bytes *= size_t(size);
  std::vector<char> out(bytes);
  if (bytes == 0) return out;
  const size_t outer = shape.empty() ? 0 : shape.size() - 1;
  const int64_t line = shape.empty() ? 1 : shape.back(), step = shape.empty() ? 1 : strides.back();
  std::vector<int64_t> at(outer, 0);  // of the line, in each dimension but the last
  // Its first element; wraps and comes back where a dimension of one has a stride.
  uint64_t from = 0;
  for (size_t to = 0; to < bytes; to += size_t(line) * width) {
    CopyLine(width, first + size_t(from) * width, step, line, out.data() + to);
    for (size_t i = outer; i-- > 0;) {  // counts up, the last dimension first
      from += uint64_t(strides[i]);
      if (++at[i] < shape[i]) break;
      from -= uint64_t(at[i]) * uint64_t(strides[i]);
      at[i] = 0;
    }
  }
  return out;
}

}  // namespace xp::trainer
