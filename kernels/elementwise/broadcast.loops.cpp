#include "kernels/elementwise/broadcast.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

[[noreturn]] void refuse(const BroadcastOperand& out, std::span<const BroadcastOperand> operands) {
  std::string shapes;
  for (const BroadcastOperand& operand : operands) {
    shapes += (shapes.empty() ? "" : ", ") + operand.shape->str();
  }
  throw_error(ErrorCode::InvalidArgument, {"shapes ", shapes, " do not broadcast to ", out.shape->str()});
}

}  // namespace

BroadcastOperand::BroadcastOperand(const Tensor& tensor)
    : data(tensor.raw()), shape(&tensor.shape()), width(static_cast<size_t>(bit_width(tensor.dtype())) / 8) {}

BroadcastWalk::BroadcastWalk(const BroadcastOperand& out, std::span<const BroadcastOperand> operands)
    : operands_(operands.size()), out_width_(static_cast<int64_t>(out.width)) {
  std::array<int64_t, kMaxOperands> next{};  // bytes to the neighbour along the axis at hand
  start_.out = static_cast<std::byte*>(const_cast<void*>(out.data));
  for (size_t k = 0; k < operands_; ++k) {
    if (operands[k].shape->rank() > out.shape->rank()) refuse(out, operands);
    start_.in[k] = static_cast<const std::byte*>(operands[k].data);
    next[k] = static_cast<int64_t>(operands[k].width);
  }
  const size_t rank = out.shape->rank();
  for (size_t i = 1; i <= rank; ++i) {  // counted from the last axis
    Axis axis;
    axis.extent = (*out.shape)[rank - i];
    bool reached = axis.extent == 1;
    for (size_t k = 0; k < operands_; ++k) {
      const Shape& shape = *operands[k].shape;
      const int64_t dim = i <= shape.rank() ? shape[shape.rank() - i] : 1;
      if (dim != axis.extent && dim != 1) refuse(out, operands);
      reached |= dim == axis.extent;
      axis.steps[k] = dim == 1 ? 0 : next[k];
      next[k] *= dim;
    }
    if (!reached) refuse(out, operands);
    elements_ *= axis.extent;
    if (axis.extent != 1) add_axis(axis);
  }
  if (rank_ == 0) axes_[rank_++] = {1, {}};
}

void BroadcastWalk::add_axis(const Axis& axis) {
  if (rank_ > 0) {
    Axis& inner = axes_[rank_ - 1];
    bool even = true;
    for (size_t k = 0; k < operands_; ++k) even &= axis.steps[k] == inner.steps[k] * inner.extent;
    if (even) {
      inner.extent *= axis.extent;
      return;
    }
  }
  axes_[rank_++] = axis;
}

void BroadcastWalk::run(ThreadPool& threads, int64_t grain, Body body) const {
  threads.parallel_for(elements_, grain, [&](int64_t begin, int64_t end) { walk(begin, end, body); });
}

void BroadcastWalk::walk(int64_t begin, int64_t end, Body body) const {
  std::array<int64_t, Shape::kMaxRank> at;
  Row row = start_;
  row.out += begin * out_width_;
  int64_t rest = begin;
  for (size_t i = 0; i < rank_; ++i) {
    at[i] = rest % axes_[i].extent;
    rest /= axes_[i].extent;
    for (size_t k = 0; k < operands_; ++k) row.in[k] += at[i] * axes_[i].steps[k];
  }
  while (true) {
    row.count = std::min(axes_[0].extent - at[0], end - begin);
    body(row);
    begin += row.count;
    if (begin == end) return;
    row.out += row.count * out_width_;
    // Back to the beginning of the row, then on along the outer axes.
    for (size_t k = 0; k < operands_; ++k) row.in[k] -= at[0] * axes_[0].steps[k];
    at[0] = 0;
    for (size_t i = 1; i < rank_; ++i) {
      const Axis& axis = axes_[i];
      const int64_t moved = ++at[i] < axis.extent ? 1 : 1 - axis.extent;
      for (size_t k = 0; k < operands_; ++k) row.in[k] += moved * axis.steps[k];
      if (moved == 1) break;
      at[i] = 0;
    }
  }
}

}  // namespace mica
