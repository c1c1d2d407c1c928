// extensions: avx512_bf16
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/tile_simd.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

MICA_INLINE void round_panel_row(const float* from, uint16_t* to) {
#pragma GCC unroll 16
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
  int64_t p = 0;
  for (; p + 2 * kLanes <= k; p += 2 * kLanes, to += kLanes) {
    uint16_t numbers[2 * kLanes];
    store_bf16(numbers, load(from + p));
    store_bf16(numbers + kLanes, load(from + p + kLanes));
    memcpy(to, numbers, sizeof(numbers));
  }
  if (p == k) return;
  uint16_t numbers[2 * kLanes] = {};
  for (int v = 0; v < 2 && p + v * kLanes < k; ++v) {
    const int64_t rest = k - p - v * kLanes;
    store_bf16(numbers + v * kLanes, load(from + p + v * kLanes, static_cast<int>(rest < kLanes ? rest : kLanes)));
  }
  memcpy(to, numbers, static_cast<unsigned>((k - p + 1) / 2 * 4));
}

}  // namespace

MICA_SIMD_TABLE(Bf16PackKernels, bf16_pack_kernels) = {
    .native = kNativePairs,
    .panel = panel,
    .row = row,
};

}  // namespace mica::MICA_ISA
