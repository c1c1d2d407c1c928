// Products of bytes by instructions that multiply signed ones. A code of uint8 is taken as what is 128 less, and so is
// its zero point; zero points are subtracted from the sums:
//   sum of (a - za)(b - zb) = sum of a b - za * sum of b - zb * sum of a + count * za * zb
// All of it in int32 that wrap around, so that the result is exact if it fits.
#pragma once

#include "kernels/cuda/mma.cuh"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {

/// What makes signed bytes of four codes, by exclusive or.
__device__ inline uint32_t sign_flip(Number number) {
  return number == Number::I8 ? 0u : 0x80808080u;
}
inline constexpr uint32_t kFourOnes = 0x01010101u;

/// A zero point, as that of codes and of the signed bytes that they become.
struct SignedZero {
  int32_t of_codes, of_bytes;
};
__device__ inline SignedZero signed_zero(const QuantNumbers& zero, int64_t i, Number codes) {
  const int32_t value = zero_at(zero, i);
  return {value, codes == Number::I8 ? value : value - 128};
}

/// The sum of (a - za)(b - zb) over `count` products, from that of signed bytes and the sums of either side's. `filled`
/// of the products are of codes 0 that belong to no element, and are taken out.
__device__ inline int32_t without_zeros(int32_t sum, int32_t sum_a, int32_t sum_b, const SignedZero& a,
                                        const SignedZero& b, int32_t count, int32_t filled) {
  const auto wrap = [](int32_t x) { return static_cast<uint32_t>(x); };
  return static_cast<int32_t>(wrap(sum) - wrap(a.of_bytes) * wrap(sum_b) - wrap(b.of_bytes) * wrap(sum_a) +
                              wrap(count) * wrap(a.of_bytes) * wrap(b.of_bytes) -
                              wrap(filled) * wrap(a.of_codes) * wrap(b.of_codes));
}

}  // namespace mica::cuda
