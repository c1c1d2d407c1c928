#include "kernels/attention/weigh_simd.h"
#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"

namespace mica::MICA_ISA {
namespace {

float exponentials(float* x, int64_t n, float sink) {
  const float highest = highest_of<F32>(x, n);
  float shift = highest < sink ? sink : highest;
  if (shift == -__builtin_inff()) shift = 0;
  const Vec shifts = splat(shift);
  double total[1] = {};
  sum_blocks(n, total, [=](Vec(&sums)[1], int64_t i, auto... rest) {
    const Vec e = exp(load(x + i, rest...) - shifts);
    store(x + i, e, rest...);
    sums[0] = sums[0] + keep(e, zero(), rest...);
  });
  float of_sink;
  store(&of_sink, exp(splat(sink) - shifts), 1);
  return static_cast<float>(total[0]) + of_sink;
}

void softcap(float* x, int64_t n, float cap) {
  const Vec factor = splat(cap);
  map<F32, F32>(x, x, n, [=](Vec v, int64_t, auto...) { return factor * tanh(v / factor); });
}

void scale(const float* x, float* y, int64_t n, float factor) {
  const Vec factors = splat(factor);
  map<F32, F32>(x, y, n, [=](Vec v, int64_t, auto...) { return factors * v; });
}

}  // namespace

MICA_SIMD_TABLE(WeighKernels, weigh_kernels) = {
    .exponentials = exponentials,
    .softcap = softcap,
    .scale = scale,
};

}  // namespace mica::MICA_ISA
