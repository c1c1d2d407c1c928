// Ceil and Floor, ai.onnx 1, and Round, ai.onnx 11: to the nearest integer, ties to even.
#include <cmath>

#include "kernels/math/unary.h"

namespace mica {

MICA_OP(Ceil, 1) {
  return unary(&UnaryKernels::ceil, [](double x) { return std::ceil(x); });
}
MICA_OP(Floor, 1) {
  return unary(&UnaryKernels::floor, [](double x) { return std::floor(x); });
}
MICA_OP(Round, 11) {
  return unary(&UnaryKernels::round, [](double x) { return std::nearbyint(x); });
}

}  // namespace mica
