// extensions: avx512_bf16
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/tile_simd.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

MICA_INLINE void round_panel_row(const float* from, uint16_t* to) {
#pragma GCC unroll kUnrolled
  for (int v = 0; v < kPanel; v += kLanes) store_bf16(to + v, load(from + v));
}

void panel(const float* from, int64_t k, float* to) {
  for (int64_t p = 0; p < k; p += 2, from += 2 * kPanel, to += kPanel) {
    uint16_t first[kPanel], second[kPanel] = {};
    uint32_t pairs[kPanel];
    round_panel_row(from, first);
    if (p + 1 < k) round_panel_row(from + kPanel, second);
    for (int j = 0; j < kPanel; ++j) pairs[j] = first[j] | static_cast<uint32_t>(second[j]) << 16;
    memcpy(to, pairs, sizeof(pairs));
  }
}

void row(const float* from, int64_t k, float* to) {
  char* bytes = reinterpret_cast<char*>(to);
  const auto number = static_cast<int64_t>(sizeof(uint16_t));
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) {
    uint16_t numbers[kLanes];
    store_bf16(numbers, load(from + p));
    memcpy(bytes + p * number, numbers, sizeof(numbers));
  }
  uint16_t numbers[kLanes + 1] = {};
  const int rest = static_cast<int>(k - p);
  if (rest > 0) store_bf16(numbers, load(from + p, rest));
  memcpy(bytes + p * number, numbers, static_cast<unsigned>((rest + k % 2) * number));
}

}  // namespace

MICA_SIMD_TABLE(Bf16PackKernels, bf16_pack_kernels) = {
    .native = kNativePairs,
    .panel = panel,
    .row = row,
};

}  // namespace mica::MICA_ISA
