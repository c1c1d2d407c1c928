// Exp, Log, Sqrt and Reciprocal, ai.onnx 1, and Erf, ai.onnx 9.
#include <cmath>

#include "kernels/math/map.h"
#include "kernels/math/unary.h"

namespace mica {
namespace {

// Before version 13 Erf takes integers too; what it gives is cut to an integer.
void run_erf(const Unary& op, const Operands& io) {
  const auto erf = []<class T>(T x) { return static_cast<T>(std::erf(static_cast<double>(x))); };
  const bool integers = map_integers<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      io.threads(), io.in(0), io.out(0), erf);
  if (!integers) run_unary(op, io);
}

constexpr Unary kErf{&UnaryKernels::erf, [](double x) { return std::erf(x); }};

}  // namespace

MICA_OP(Exp, 1) {
  return unary(&UnaryKernels::exp, [](double x) { return std::exp(x); });
}
MICA_OP(Log, 1) {
  return unary(&UnaryKernels::log, [](double x) { return std::log(x); });
}
MICA_OP(Sqrt, 1) {
  return unary(&UnaryKernels::sqrt, [](double x) { return std::sqrt(x); });
}
MICA_OP(Reciprocal, 1) {
  return unary(&UnaryKernels::reciprocal, [](double x) { return 1 / x; });
}
MICA_OP(Erf, 13) {
  return unary(kErf.loop, kErf.wide);
}
MICA_OP(Erf, 9) {
  return in_blocks(elementwise(kErf, types::numeric).cpu<run_erf>());
}

}  // namespace mica
