// Computing in float or double on tensors of any numeric type, integers and bool included.
#pragma once

#include "kernels/operands.h"

namespace mica {

/// How a wide number becomes an integer, which saturates; NaN becomes the least.
enum class WideRounding : uint8_t { Truncate, Nearest };

/// The type to compute in with numbers of this type, at least: double for double and all integers, bool included, else
/// float.
inline DType wide_type(DType dtype) {
  return is_float(dtype) && dtype != DType::F64 ? DType::F32 : DType::F64;
}

/// y[i] = x[i] for n elements of any numeric type or bool, to `wide`: `wide_type` of it, or F64.
void widen_numbers(DType dtype, const void* x, DType wide, void* y, int64_t n);
/// And back.
void narrow_numbers(DType wide, const void* x, WideRounding rounding, DType dtype, void* y, int64_t n);

/// The elements of a tensor as `wide`: its own memory, or a copy in scratch.
const void* widen_any(const Operands& io, const Tensor& tensor, DType wide);
/// Room for a result of type `wide`: the tensor's own memory, or scratch that `narrow_any` puts into the tensor.
void* stage_wide(const Operands& io, Tensor& tensor, DType wide);
void narrow_any(DType wide, const void* staged, WideRounding rounding, Tensor& tensor);

}  // namespace mica
