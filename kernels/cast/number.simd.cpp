#include "kernels/cast/number_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

// Loops for the compiler to make vectors of, with the flags of the instruction set.
template <class From, class To>
void convert(const From* x, To* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<To>(x[i]);
}

void truncate(const float* x, int32_t* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] = x[i] >= -0x1p31f && x[i] < 0x1p31f ? static_cast<int32_t>(x[i]) : INT32_MIN;
  }
}

}  // namespace

MICA_SIMD_TABLE(NumberKernels, number_kernels) = {
    .f32_to_i32 = truncate,
    .i32_to_f32 = convert<int32_t, float>,
    .i64_to_f32 = convert<int64_t, float>,
    .i64_to_i32 = convert<int64_t, int32_t>,
    .i32_to_i64 = convert<int32_t, int64_t>,
    .u8_to_i32 = convert<uint8_t, int32_t>,
};

}  // namespace mica::MICA_ISA
