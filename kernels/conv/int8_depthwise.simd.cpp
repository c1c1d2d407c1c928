#include "kernels/conv/int8_depthwise_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

// `Vectors` vectors of outputs, of which each sees what lies `step` behind what the one before sees. The last has
// `last` that are stored.
template <int Vectors>
MICA_INLINE void block(const DepthwiseRows& of, const float* x, int64_t step, float* y, int64_t y_step, int last) {
  Vec sums[Vectors];
#pragma GCC unroll kUnrolled
  for (int v = 0; v < Vectors; ++v) sums[v] = splat(of.w[0]) * load(x + of.offsets[0] + v * step);
  for (int64_t t = 1; t < of.taps; ++t) {
    const Vec w = splat(of.w[t]);
    const float* from = x + of.offsets[t];
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) sums[v] = fma(w, load(from + v * step), sums[v]);
  }
#pragma GCC unroll kUnrolled
  for (int v = 0; v < Vectors - 1; ++v) store(y + v * y_step, sums[v]);
  store(y + (Vectors - 1) * y_step, sums[Vectors - 1], last);
}

constexpr int kVectors = 4;

// Short rows, several at a time. What is stored behind a row is overwritten by the next.
void multiply_short(const DepthwiseRows& of, float* y, int64_t rows, int64_t n) {
  const int last = static_cast<int>(n);
  const float* x = of.x;
  for (; rows >= kVectors; rows -= kVectors, x += kVectors * of.x_row, y += kVectors * n) {
    block<kVectors>(of, x, of.x_row, y, n, last);
  }
  for (; rows > 0; --rows, x += of.x_row, y += n) block<1>(of, x, of.x_row, y, n, last);
}

void multiply(const DepthwiseRows& of, float* y, int64_t rows, int64_t n) {
  if (n <= kLanes) return multiply_short(of, y, rows, n);
  const int rest = static_cast<int>(n % (kVectors * kLanes));
  const int vectors = (rest + kLanes - 1) / kLanes, last = rest - (vectors - 1) * kLanes;
  const float* x = of.x;
  for (int64_t row = 0; row < rows; ++row, x += of.x_row, y += n) {
    const int64_t end = n - rest;
    for (int64_t i = 0; i < end; i += kVectors * kLanes) block<kVectors>(of, x + i, kLanes, y + i, kLanes, kLanes);
    switch (vectors) {
      case 1:
        block<1>(of, x + end, kLanes, y + end, kLanes, last);
        break;
      case 2:
        block<2>(of, x + end, kLanes, y + end, kLanes, last);
        break;
      case 3:
        block<3>(of, x + end, kLanes, y + end, kLanes, last);
        break;
      case 4:
        block<4>(of, x + end, kLanes, y + end, kLanes, last);
        break;
      default:
        break;
    }
  }
}

void to_integers(const float* __restrict__ x, int32_t start, int32_t* __restrict__ y, int64_t n) {
  const uint32_t addend = static_cast<uint32_t>(start);
  for (int64_t i = 0; i < n; ++i) {
    y[i] = static_cast<int32_t>(static_cast<uint32_t>(static_cast<int32_t>(x[i])) + addend);
  }
}

template <class Byte, class Load>
MICA_INLINE void widen(const Byte* x, float zero, float* to, int64_t n, Load load_bytes) {
  const Vec z = splat(zero);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load_bytes(x + i) - z);
  if (const int rest = static_cast<int>(n - i); rest > 0) store(to + i, load_bytes(x + i, rest) - z, rest);
}

void widen_unsigned(const uint8_t* x, float zero, float* to, int64_t n) {
  widen(x, zero, to, n, [](auto... from) { return load_u8(from...); });
}

void widen_signed(const int8_t* x, float zero, float* to, int64_t n) {
  widen(x, zero, to, n, [](auto... from) { return load_s8(from...); });
}

void every_second(const uint8_t* __restrict__ x, uint8_t* __restrict__ to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = x[2 * i];
}

}  // namespace

MICA_SIMD_TABLE(Int8DepthwiseKernels, int8_depthwise_kernels) = {
    .lanes = kLanes,
    .widen_u8 = widen_unsigned,
    .widen_s8 = widen_signed,
    .every_second = every_second,
    .multiply = multiply,
    .to_integers = to_integers,
};

}  // namespace mica::MICA_ISA
