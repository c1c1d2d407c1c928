// Decoding of numbers of a few bits.
#include "kernels/quant/nbits_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

template <int bits>
MICA_INLINE void decode_one_by_one(const uint8_t* codes, float scale, float zero, float* y, int64_t begin, int64_t n) {
  constexpr int kPerByte = 8 / bits;
  for (int64_t i = begin; i < n; ++i) {
    const int code = codes[i / kPerByte] >> (i % kPerByte * bits) & ((1 << bits) - 1);
    y[i] = (static_cast<float>(code) - zero) * scale;
  }
}

void decode2(const uint8_t* codes, float scale, float zero, float* y, int64_t n) {
  decode_one_by_one<2>(codes, scale, zero, y, 0, n);
}

void decode4(const uint8_t* codes, float scale, float zero, float* y, int64_t n) {
  const Vec s = splat(scale);
  const Vec z = splat(zero);
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    Vec a, b;
    load_u4(codes + i / 2, a, b);
    store(y + i, (a - z) * s);
    store(y + i + kLanes, (b - z) * s);
  }
  decode_one_by_one<4>(codes, scale, zero, y, i, n);
}

void decode8(const uint8_t* codes, float scale, float zero, float* y, int64_t n) {
  const Vec s = splat(scale);
  const Vec z = splat(zero);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, (load_u8(codes + i) - z) * s);
  if (const int rest = static_cast<int>(n - i); rest > 0) store(y + i, (load_u8(codes + i, rest) - z) * s, rest);
}

}  // namespace

MICA_SIMD_TABLE(NBitsKernels, nbits_kernels) = {
    .decode2 = decode2,
    .decode4 = decode4,
    .decode8 = decode8,
};

}  // namespace mica::MICA_ISA
