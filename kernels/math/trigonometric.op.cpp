// Sin, Cos, Tan, Asin, Acos and Atan, ai.onnx 7, in radians; Tanh, ai.onnx 1; Sinh, Cosh, Asinh, Acosh and Atanh,
// ai.onnx 9.
#include <cmath>

#include "kernels/math/unary.h"

namespace mica {

MICA_OP(Sin, 7) {
  return unary(&UnaryKernels::sin, [](double x) { return std::sin(x); });
}
MICA_OP(Cos, 7) {
  return unary(&UnaryKernels::cos, [](double x) { return std::cos(x); });
}
MICA_OP(Tan, 7) {
  return unary(&UnaryKernels::tan, [](double x) { return std::tan(x); });
}
MICA_OP(Asin, 7) {
  return unary(&UnaryKernels::asin, [](double x) { return std::asin(x); });
}
MICA_OP(Acos, 7) {
  return unary(&UnaryKernels::acos, [](double x) { return std::acos(x); });
}
MICA_OP(Atan, 7) {
  return unary(&UnaryKernels::atan, [](double x) { return std::atan(x); });
}
MICA_OP(Sinh, 9) {
  return unary(&UnaryKernels::sinh, [](double x) { return std::sinh(x); });
}
MICA_OP(Cosh, 9) {
  return unary(&UnaryKernels::cosh, [](double x) { return std::cosh(x); });
}
MICA_OP(Tanh, 1) {
  return unary(&UnaryKernels::tanh, [](double x) { return std::tanh(x); });
}
MICA_OP(Asinh, 9) {
  return unary(&UnaryKernels::asinh, [](double x) { return std::asinh(x); });
}
MICA_OP(Acosh, 9) {
  return unary(&UnaryKernels::acosh, [](double x) { return std::acosh(x); });
}
MICA_OP(Atanh, 9) {
  return unary(&UnaryKernels::atanh, [](double x) { return std::atanh(x); });
}

}  // namespace mica
