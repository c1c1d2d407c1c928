// Conversion of the elements of a tensor to another type.
#pragma once

#include "kernels/cast/power_of_two.h"
#include "kernels/operands.h"

namespace mica {

/// How numbers become floats of 8 bits.
struct ConvertOptions {
  bool saturate = true;
  PowerRounding rounding = PowerRounding::Up;  ///< to float8e8m0
};

/// Element types that can be converted to each other.
inline constexpr DTypeSet kConvertible = types::any - types::complex;

/// y = x, element by element, as the standard defines Cast. Both have as many elements; y may be in the memory of x
/// when their elements are equally wide. What the standard leaves undefined is defined by `convert_number`, and a
/// string that holds no number is bad input.
void convert_elements(ThreadPool& threads, const Tensor& x, Tensor& y, const ConvertOptions& options);

/// The same for elements side by side, of which float16 and bfloat16 are rounded and remain floats: y[i] = x[i] for
/// i < n. Null for types that there is no such loop for.
using ConvertElements = void (*)(const void* x, void* y, int64_t n);
ConvertElements element_conversion(DType from, DType to);

/// From an integer type of 8 or 16 bits to int32, elements side by side; null for other types.
ConvertElements widening_to_int32(DType from);

}  // namespace mica
