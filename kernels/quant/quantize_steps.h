// The steps in which QuantizeLinear and DequantizeLinear go over a run of elements, of which all have one scale and
// zero point, number 0 (step 0), or each its own (step 1).
#pragma once

#include <cstdint>

#include "runtime/base/dtype.h"

namespace mica {

/// q = x / scale
void divide_by_scales(const float* x, const float* scales, int64_t step, int64_t count, float* q);
void divide_by_scales(const double* x, const double* scales, int64_t step, int64_t count, float* q);

/// y = saturate(round(q) + zero), ties to even, in an integer type of at most 16 bits, of which those of less than 8
/// take a byte each. A NaN gives the least number.
void store_codes(const float* q, const float* zeros, int64_t step, int64_t count, DType dtype, void* y);

/// d = x - zero, exact but for what a float does not hold.
void subtract_zeros(const int32_t* x, const int32_t* zeros, int64_t step, int64_t count, float* d);

/// y = d * scale; y may be d.
void multiply_by_scales(const float* d, const float* scales, int64_t step, int64_t count, float* y);

}  // namespace mica
