#include "kernels/elementwise/block_operand.h"

#include <algorithm>

#include "kernels/operands.h"
#include "runtime/base/concat.h"

namespace mica {

BlockOperand::BlockOperand(const Tensor& tensor, const Shape& out)
    : data_(static_cast<const std::byte*>(tensor.raw())), width_(bit_width(tensor.dtype()) / 8) {
  const int64_t elements = tensor.elements();
  if (elements == 1) {
    repeated_ = out.elements() != 1;
  } else if (!(tensor.shape() == out) && !spread(tensor.shape(), out)) {
    throw_error(ErrorCode::InvalidArgument, {"shape ", tensor.shape(), " does not broadcast to ", out});
  }
}

// False when the dims do not fit.
bool BlockOperand::spread(const Shape& from, const Shape& out) {
  if (from.rank() > out.rank()) return false;
  int64_t next = width_;  // bytes to the neighbour along the axis at hand
  int64_t passed = 1;     // elements of the output in the axes so far
  for (size_t i = 1; i <= out.rank(); ++i) {
    const int64_t extent = out[out.rank() - i];
    const int64_t dim = i <= from.rank() ? from[from.rank() - i] : 1;
    if (dim != extent && dim != 1) return false;
    passed *= extent;
    if (extent == 1) continue;
    const int64_t step = dim == 1 ? 0 : next;
    next *= dim;
    if (step != 0) period_ = passed;
    if (rank_ > 0 && step == axes_[rank_ - 1].step * axes_[rank_ - 1].extent) {
      axes_[rank_ - 1].extent *= extent;
    } else {
      axes_[rank_++] = {extent, step};
    }
  }
  if (rank_ == 1) rank_ = 0;  // the output's elements, with axes of 1
  return true;
}

BlockOperand::Block BlockOperand::read(int64_t first, int64_t count, void* buffer, Copied& copied) const {
  if (!is_spread()) return {repeated_ ? data_ : data_ + first * width_, repeated_};
  const int64_t phase = first % period_;
  std::array<int64_t, Shape::kMaxRank> at;
  const std::byte* from = data_;
  int64_t rest = phase;
  for (size_t i = 0; i < rank_; ++i) {
    at[i] = rest % axes_[i].extent;
    rest /= axes_[i].extent;
    from += at[i] * axes_[i].step;
  }
  if (count <= axes_[0].extent - at[0]) return {from, axes_[0].step == 0 && count > 1};
  if (copied.phase == phase && count <= copied.count) return {buffer, false};
  switch (width_) {
    case 1:
      copy(at, from, count, static_cast<uint8_t*>(buffer));
      break;
    case 2:
      copy(at, from, count, static_cast<uint16_t*>(buffer));
      break;
    case 4:
      copy(at, from, count, static_cast<uint32_t*>(buffer));
      break;
    default:
      copy(at, from, count, static_cast<uint64_t*>(buffer));
  }
  copied = {phase, count};
  return {buffer, false};
}

template <class T>
void BlockOperand::copy(std::array<int64_t, Shape::kMaxRank>& at, const std::byte* from, int64_t count, T* to) const {
  const Axis& inner = axes_[0];
  while (true) {
    const int64_t n = std::min(inner.extent - at[0], count);
    const T* elements = reinterpret_cast<const T*>(from);
    if (inner.step == 0) {
      std::fill_n(to, n, *elements);
    } else {
      std::copy_n(elements, n, to);
    }
    to += n;
    count -= n;
    if (count == 0) return;
    // Back to the beginning of the run, then on along the outer axes.
    from -= at[0] * inner.step;
    at[0] = 0;
    for (size_t i = 1; i < rank_; ++i) {
      const bool wraps = ++at[i] == axes_[i].extent;
      from += wraps ? axes_[i].step * (1 - axes_[i].extent) : axes_[i].step;
      if (!wraps) break;
      at[i] = 0;
    }
  }
}

}  // namespace mica
