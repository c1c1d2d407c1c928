// Launchers of element-wise CUDA kernels. Results may lie where an operand does that has the same dims.
#pragma once

#include "kernels/cuda/number.h"
#include "kernels/cuda/walk.h"

namespace mica::cuda {

enum class UnaryFunction : uint8_t {
  Abs,
  Acos,
  Acosh,
  Affine,
  Asin,
  Asinh,
  Atan,
  Atanh,
  BitwiseNot,
  Ceil,
  Celu,
  Clip,
  Cos,
  Cosh,
  Elu,
  Erf,
  Exp,
  Floor,
  Gelu,
  GeluTanh,
  HardSigmoid,
  HardSwish,
  Identity,
  LeakyRelu,
  Log,
  Mish,
  Neg,
  Not,
  Reciprocal,
  Relu,
  Round,
  ScaledTanh,
  Shrink,
  Sigmoid,
  Sign,
  Silu,
  Sin,
  Sinh,
  Softplus,
  Softsign,
  Sqrt,
  Swish,
  Tan,
  Tanh,
  ThresholdedRelu,
};

/// y = f(x, alpha, beta) for `count` elements.
struct UnaryCall {
  UnaryFunction function;
  Number number;
  const void* x;
  void* y;
  int64_t count;
  float alpha = 0, beta = 0;
};
/// For floats, which f takes as the activations of kernels/activation/functions.h do.
void launch_unary(const UnaryCall& call, void* stream);
/// Abs, BitwiseNot, Neg, Not, Relu and Sign of whole numbers and truth values.
void launch_integer_unary(const UnaryCall& call, void* stream);

enum class FloatTest : uint8_t { IsNaN, IsInfinite };
/// y = test(x), a truth value for each of `count` floats; of infinities those of the signs that are asked for.
struct FloatTestCall {
  FloatTest test;
  Number number;
  const void* x;
  bool* y;
  int64_t count;
  bool negative = true, positive = true;
};
void launch_float_test(const FloatTestCall& call, void* stream);

enum class BinaryFunction : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Max,
  Min,
  Pow,
  PRelu,
  FMod,        // the remainder, with the sign of a
  Mod,         // with the sign of b
  BitwiseAnd,  // from here to Xor of whole numbers
  BitwiseOr,
  BitwiseXor,
  ShiftLeft,
  ShiftRight,  // of the operands' type
  Equal,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  And,
  Or,
  Xor  // truth values
};

constexpr bool is_test(BinaryFunction function) {
  return function >= BinaryFunction::Equal;
}

/// y = f(a, b), the operands read by the walk over y's elements.
struct BinaryCall {
  BinaryFunction function;
  Number number;
  const void* a;
  const void* b;
  void* y;
  Walk<2> walk;
};
void launch_binary(const BinaryCall& call, void* stream);  ///< of floats
/// Of whole numbers but uint64, and of truth values. Wraps around; a division by 0 gives 0.
void launch_integer_binary(const BinaryCall& call, void* stream);

/// y = condition ? a : b, of elements of `width` bytes.
struct WhereCall {
  const void* condition;
  const void* a;
  const void* b;
  void* y;
  int64_t width;
  Walk<3> walk;  ///< condition, a, b
};
void launch_where(const WhereCall& call, void* stream);

}  // namespace mica::cuda
