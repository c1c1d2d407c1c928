// Products of floats with weights quantised in blocks.
#include "kernels/quant/block_vectors.h"

namespace mica::MICA_ISA {
namespace {

template <int bits>
MICA_INLINE Vec low_codes(Ints word) {
  if constexpr (bits == 2) return to_floats(word & splat_ints(3));
  return bits == 4 ? low_nibbles(word) : low_bytes(word);
}

template <int bits, int Rows>
struct FloatProduct {
  static void run(const BlockFloatRows& of) {
    constexpr int kCodes = 32 / bits;                          // of a word
    constexpr int kStep = kCodes < 8 || kLanes == 16 ? 4 : 8;  // codes that are written out
    const BlockColumns& w = of.weights;
    const BlockZeros zeros(w);
    Vec total[Rows][kGroupVectors];
    clear<Rows>(total);
    const uint32_t* codes = w.codes;
    const float* a = of.a;
    for (int64_t block = 0; block < w.blocks; ++block) {
      Vec sum[Rows][kGroupVectors];
#pragma GCC unroll kUnrolled
      for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kGroupVectors; ++v) sum[r][v] = splat(0.0f);
      }
      for (int64_t k = 0; k < w.block_size; k += kCodes, codes += kGroupColumns) {
        Ints words[kGroupVectors];
#pragma GCC unroll kUnrolled
        for (int v = 0; v < kGroupVectors; ++v) words[v] = load_words(codes + v * kLanes);
#pragma GCC unroll 1
        for (int step = 0; step < kCodes; step += kStep, a += kStep) {
#pragma GCC unroll kUnrolled
          for (int i = 0; i < kStep; ++i) {
#pragma GCC unroll kUnrolled
            for (int v = 0; v < kGroupVectors; ++v) {
              const Vec code = low_codes<bits>(words[v]);
              words[v] = shifted<bits>(words[v]);
#pragma GCC unroll kUnrolled
              for (int r = 0; r < Rows; ++r) sum[r][v] = fma(code, splat(a[r * of.a_pitch + i]), sum[r][v]);
            }
          }
        }
      }
      float row_sums[Rows];
      for (int r = 0; r < Rows; ++r) row_sums[r] = of.sums[r * w.blocks + block];
      add_block<Rows>(w, zeros, block, row_sums, total, [&](int r, int v) { return sum[r][v]; });
    }
    store_rows<Rows>(total, of.y);
  }
};

// A vector of columns, of codes that lie in one block.
template <int bits>
MICA_INLINE void decode_vector(const BlockPanels& of, int v, int64_t begin, int64_t end) {
  constexpr int kCodes = 32 / bits;
  const int64_t block = begin / of.weights.block_size;
  const Vec scale = load(of.weights.scales + block * kGroupColumns + v * kLanes);
  const Vec zero = BlockZeros(of.weights).at(block, v);
  const uint32_t* codes = of.weights.codes + v * kLanes;
  float* to = of.to + v * kLanes / 16 * of.panel + v * kLanes % 16;
  for (int64_t k = begin / kCodes * kCodes; k < end; k += kCodes) {
    Ints word = load_words(codes + k / kCodes * kGroupColumns);
#pragma GCC unroll 4
    for (int64_t i = k; i < k + kCodes; ++i, word = shifted<bits>(word)) {
      if (i >= begin && i < end) store(to + (i - of.k0) * 16, (low_codes<bits>(word) - zero) * scale);
    }
  }
}

template <int bits>
void decode(const BlockPanels& of, int64_t count) {
  const int64_t last = of.k0 + of.k, size = of.weights.block_size;
  for (int64_t begin = of.k0, end; begin < last; begin = end) {
    end = (begin / size + 1) * size < last ? (begin / size + 1) * size : last;
    for (int v = 0; v * kLanes < count * 16; ++v) decode_vector<bits>(of, v, begin, end);
  }
}

}  // namespace

MICA_SIMD_TABLE(BlockWeightKernels, block_weight_kernels) = {
    .columns = kGroupColumns,
    .multiply2 = multiply_few<FloatProduct, 2, BlockFloatRows>,
    .multiply4 = multiply_few<FloatProduct, 4, BlockFloatRows>,
    .multiply8 = multiply_few<FloatProduct, 8, BlockFloatRows>,
    .decode2 = decode<2>,
    .decode4 = decode<4>,
    .decode8 = decode<8>,
};

}  // namespace mica::MICA_ISA
