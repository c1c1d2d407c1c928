// Scales and zero points as kernels read them.
#pragma once

#include "kernels/operands.h"

namespace mica {

/// What most quantised operators take and give.
inline constexpr DTypeSet kByteTypes{DType::I8, DType::U8};

/// The elements of a scale or zero point as T (float, double or int32_t), in scratch; `count` zeros when the input is
/// absent. Throws when there are not `count` of them.
template <class T>
T* load_parameters(const Operands& io, size_t input, int64_t count);

/// A scale or zero point of a whole tensor; the zero point is 0 when absent. Throws unless it is one number.
float one_scale(const Operands& io, size_t input);
int32_t one_zero(const Operands& io, size_t input);

/// An optional input; null when absent.
inline const Tensor* optional_tensor(const Operands& io, size_t input) {
  return io.has(input) ? &io.in(input) : nullptr;
}

}  // namespace mica
