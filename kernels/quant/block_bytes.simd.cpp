// Products of bytes with weights quantised in blocks.
// extensions: avx512_vnni
#include "kernels/quant/block_bytes_simd.h"
#include "kernels/quant/block_vectors.h"

namespace mica::MICA_ISA {
namespace {

MICA_INLINE Ints splat_bytes(const int8_t* p) {
  int32_t four;
  memcpy(&four, p, sizeof(four));
  return splat_ints(four);
}

template <int bits, int Rows>
struct ByteProduct {
  static void run(const BlockByteRows& of) {
    constexpr int kCodes = 32 / bits;
    const BlockColumns& w = of.weights;
    const BlockZeros zeros(w);
    const Ints nibbles = splat_ints(0x0f0f0f0f);
    Vec total[Rows][kGroupVectors];
    clear<Rows>(total);
    const uint32_t* codes = w.codes;
    const int8_t* a = of.a;
    for (int64_t block = 0; block < w.blocks; ++block) {
      Ints sum[Rows][kGroupVectors];
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kGroupVectors; ++v) sum[r][v] = splat_ints(0);
      }
      for (int64_t k = 0; k < w.block_size; k += kCodes, codes += kGroupColumns, a += kCodes) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kGroupVectors; ++v) {
          const Ints words = load_words(codes + v * kLanes);
          if constexpr (bits == 4) {
            const Ints even = words & nibbles, odd = shifted<4>(words) & nibbles;
#pragma GCC unroll kUnrolled
            for (int r = 0; r < Rows; ++r) {
              const int8_t* row = a + r * of.a_pitch;
              sum[r][v] = dot_bytes(sum[r][v], even, splat_bytes(row));
              sum[r][v] = dot_bytes(sum[r][v], odd, splat_bytes(row + 4));
            }
          } else {
#pragma GCC unroll kUnrolled
            for (int r = 0; r < Rows; ++r) sum[r][v] = dot_bytes(sum[r][v], words, splat_bytes(a + r * of.a_pitch));
          }
        }
      }
      float row_sums[Rows];
      Vec scales[Rows];
      for (int r = 0; r < Rows; ++r) {
        row_sums[r] = of.sums[r * w.blocks + block];
        scales[r] = splat(of.scales[r * w.blocks + block]);
      }
      add_block<Rows>(w, zeros, block, row_sums, total, [&](int r, int v) { return to_floats(sum[r][v]) * scales[r]; });
    }
    store_rows<Rows>(total, of.y);
  }
};

}  // namespace

MICA_SIMD_TABLE(BlockByteKernels, block_byte_kernels) = {
    .multiply4 = multiply_few<ByteProduct, 4, BlockByteRows>,
    .multiply8 = kMostByte == 255 ? multiply_few<ByteProduct, 8, BlockByteRows> : nullptr,
};

}  // namespace mica::MICA_ISA
