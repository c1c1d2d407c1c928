// What callers of CUDA launchers make of tensors.
#pragma once

#include <array>
#include <string>

#include "kernels/cuda/number.h"
#include "kernels/cuda/walk.h"
#include "kernels/operands.h"

namespace mica {

inline cuda::Number number_of(DType dtype) {
  return static_cast<cuda::Number>(dtype);
}

/// The walk over the elements of `out`, one after the other, with operands of these shapes broadcast to it. Throws when
/// one does not broadcast to it.
template <int N>
cuda::Walk<N> broadcast_walk(const Shape& out, const std::array<const Shape*, N>& operands) {
  std::array<std::array<int64_t, Shape::kMaxRank>, N> strides{};
  for (int i = 0; i < N; ++i) {
    if (operands[i]->rank() > out.rank()) bad_input(operands[i]->str() + " does not broadcast to " + out.str());
    strides[i] = operands[i]->strides();
  }
  cuda::Walk<N> walk;
  for (size_t axis = out.rank(); axis-- > 0;) {
    typename cuda::Walk<N>::Steps steps{};
    for (int i = 0; i < N; ++i) {
      const Shape& shape = *operands[i];
      const size_t missing = out.rank() - shape.rank();
      if (axis < missing || shape[axis - missing] == 1) continue;
      if (shape[axis - missing] != out[axis]) bad_input(shape.str() + " does not broadcast to " + out.str());
      steps.of[i] = strides[i][axis - missing];
    }
    walk.add(out[axis], steps);
  }
  return walk;
}

}  // namespace mica
