#include "kernels/simd/peak_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

int64_t multiply_add(int64_t rounds, float* sums) {
  constexpr int kChains = kRegisters == 32 ? 24 : 12;  // more than latency times throughput of any CPU
  Vec y[kChains];
#pragma GCC unroll 24
  for (int i = 0; i < kChains; ++i) y[i] = load(sums + i * kLanes);
  const Vec a = splat(0.999f);
  const Vec b = splat(0.001f);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) y[i] = fma(y[i], a, b);
  }
#pragma GCC unroll 24
  for (int i = 0; i < kChains; ++i) store(sums + i * kLanes, y[i]);
  return rounds * kChains * kLanes * 2;
}

}  // namespace

MICA_SIMD_TABLE(PeakKernels, peak_kernels) = {
    .multiply_add = multiply_add,
};

}  // namespace mica::MICA_ISA
