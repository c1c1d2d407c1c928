// What callers of CUDA launchers make of tensors.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "kernels/cuda/number.h"
#include "kernels/cuda/walk.h"
#include "kernels/operands.h"

namespace mica {

static_assert(
    [] {
      using enum cuda::Number;
      constexpr std::pair<cuda::Number, DType> kTwins[] = {
          {F32, DType::F32}, {U8, DType::U8},   {I8, DType::I8},     {U16, DType::U16}, {I16, DType::I16},
          {I32, DType::I32}, {I64, DType::I64}, {Bool, DType::Bool}, {F16, DType::F16}, {F64, DType::F64},
          {U32, DType::U32}, {U64, DType::U64}, {BF16, DType::BF16}};
      for (const auto& [number, dtype] : kTwins) {
        if (static_cast<int>(number) != static_cast<int>(dtype)) return false;
      }
      return true;
    }(),
    "number_of is a cast");

inline cuda::Number number_of(DType dtype) {
  return static_cast<cuda::Number>(dtype);
}
inline DType as_dtype(cuda::Number number) {
  return static_cast<DType>(number);
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
