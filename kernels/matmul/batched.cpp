#include "kernels/matmul/batched.h"

namespace mica {

int64_t batch_offset(const MatrixStack& stack, int64_t index) {
  int64_t offset = 0;
  for (size_t axis = stack.batch.rank(); axis-- > 0;) {
    offset += index % stack.batch[axis] * stack.batch_strides[axis];
    index /= stack.batch[axis];
  }
  return offset;
}

bool broadcast_batch(MatrixStack& stack, const Shape& batch) {
  const size_t rank = stack.batch.rank();
  if (rank > batch.rank()) return false;
  const size_t offset = batch.rank() - rank;
  std::array<int64_t, Shape::kMaxRank> strides{};
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t dim = stack.batch[axis];
    if (dim != batch[axis + offset] && dim != 1) return false;
    strides[axis + offset] = dim == 1 ? 0 : stack.batch_strides[axis];
  }
  stack.batch = batch;
  stack.batch_strides = strides;
  return true;
}

}  // namespace mica
