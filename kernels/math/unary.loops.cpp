#include "kernels/math/unary.h"

#include "kernels/math/map.h"

namespace mica {

void run_unary(const Unary& op, const Operands& io) {
  const UnaryLoop loop = unary_kernels().*op.loop;
  map_floats(
      io.threads(), io.in(0), io.out(0), [&](const float* x, float* y, int64_t, int64_t n) { loop(x, y, n); },
      [&](double x, int64_t) { return op.wide(x); });
}

void run_unary_block(const Unary& op, const ElementBlock& block) {
  (unary_kernels().*op.loop)(block.data<float>(0), static_cast<float*>(block.y), block.n);
}

void run_parametric_block(const Parametric& op, const ElementBlock& block) {
  (unary_kernels().*op.loop)(block.data<float>(0), static_cast<float*>(block.y), block.n, op.alpha, op.beta);
}

void run_parametric(const Parametric& op, const Operands& io) {
  const ParametricLoop loop = unary_kernels().*op.loop;
  const auto alpha = static_cast<double>(op.alpha), beta = static_cast<double>(op.beta);
  map_floats(
      io.threads(), io.in(0), io.out(0),
      [&](const float* x, float* y, int64_t, int64_t n) { loop(x, y, n, op.alpha, op.beta); },
      [&](double x, int64_t) { return op.wide(x, alpha, beta); });
}

}  // namespace mica
