// Between the float types, many elements at a time. To the narrower type is to nearest, ties to even.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/half_simd.h"
#include "runtime/base/dtype.h"

namespace mica {

/// Vector loops from float16 and bfloat16 to float, and back; null for other types.
ConvertLoop widening(DType dtype);
ConvertLoop narrowing(DType dtype);

/// y[i] = x[i] for i < n, any two of float, double, float16 and bfloat16; throws for other types. Over all of
/// `threads`, when they are given.
void convert_floats(DType from, const void* x, DType to, void* y, int64_t n, ThreadPool* threads = nullptr);

}  // namespace mica
