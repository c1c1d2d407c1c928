// Shrink, ai.onnx 9: x + bias below -lambd, x - bias above lambd, 0 otherwise. Integers are computed in double, and
// what is not integral then is cut off.
#include "kernels/activation/shrink.h"

#include "kernels/cast/number.h"
#include "kernels/math/map.h"
#include "kernels/op.h"

namespace mica {
namespace {

void run_cpu(const Shrink& shrink, const Operands& io) {
  const bool integers = map_integers<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      io.threads(), io.in(0), io.out(0), [&]<class T>(T x) __attribute__((always_inline)) {
        return convert_number<T>(shrink(static_cast<double>(x)));
      });
  if (integers) return;
  const auto loop = [&](const float* x, float* y, int64_t, int64_t n) { map_each(x, y, n, shrink); };
  map_floats(io.threads(), io.in(0), io.out(0), loop, [&](double x, int64_t) { return shrink(x); });
}

}  // namespace

MICA_OP(Shrink, 9) {
  return op<Shrink>()
      .input("input", types::numeric)
      .output("output")
      .attribute("bias", &Shrink::bias)
      .attribute("lambd", &Shrink::lambd)
      .infer(same_as())
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
