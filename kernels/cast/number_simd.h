// Vector loops that convert between numbers of 32 and 64 bits; kernels/half_simd.h has those of the 16-bit floats.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// y[i] = x[i] for i < n.
template <class From, class To>
using NumberLoop = void (*)(const From* x, To* y, int64_t n);

/// Floats are rounded to nearest even, and become integers by truncation: a NaN, or a number that the integer type does
/// not hold, gives the least integer.
struct NumberKernels {
  NumberLoop<float, int32_t> f32_to_i32;
  NumberLoop<int32_t, float> i32_to_f32;
  NumberLoop<int64_t, float> i64_to_f32;
  NumberLoop<int64_t, int32_t> i64_to_i32;  // the lower half
  NumberLoop<int32_t, int64_t> i32_to_i64;
  NumberLoop<uint8_t, int32_t> u8_to_i32;
};

const NumberKernels& number_kernels();
IsaTables<NumberKernels> number_kernels_all();

}  // namespace mica
