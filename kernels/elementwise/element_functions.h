// Which function of elementwise_cuda.h an operator of ai.onnx is.
#pragma once

#include <string_view>

#include "kernels/elementwise/elementwise_cuda.h"
#include "runtime/base/dtype.h"

namespace mica::cuda {

/// Whole numbers that fit int64, and truth values.
inline constexpr DTypeSet kIntegers = (types::ints - DTypeSet{DType::U64}) | types::boolean;

struct NamedUnary {
  std::string_view op_type;
  UnaryFunction function;
};
inline constexpr NamedUnary kOfFloats[] = {
    {"Acos", UnaryFunction::Acos},   {"Acosh", UnaryFunction::Acosh},       {"Asin", UnaryFunction::Asin},
    {"Asinh", UnaryFunction::Asinh}, {"Atan", UnaryFunction::Atan},         {"Atanh", UnaryFunction::Atanh},
    {"Ceil", UnaryFunction::Ceil},   {"Cos", UnaryFunction::Cos},           {"Cosh", UnaryFunction::Cosh},
    {"Erf", UnaryFunction::Erf},     {"Exp", UnaryFunction::Exp},           {"Floor", UnaryFunction::Floor},
    {"Log", UnaryFunction::Log},     {"Mish", UnaryFunction::Mish},         {"Reciprocal", UnaryFunction::Reciprocal},
    {"Round", UnaryFunction::Round}, {"Sigmoid", UnaryFunction::Sigmoid},   {"Sin", UnaryFunction::Sin},
    {"Sinh", UnaryFunction::Sinh},   {"Softplus", UnaryFunction::Softplus}, {"Softsign", UnaryFunction::Softsign},
    {"Sqrt", UnaryFunction::Sqrt},   {"Tan", UnaryFunction::Tan},           {"Tanh", UnaryFunction::Tanh},
};
inline constexpr NamedUnary kOfNumbers[] = {
    {"Abs", UnaryFunction::Abs},
    {"Neg", UnaryFunction::Neg},
    {"Relu", UnaryFunction::Relu},
    {"Sign", UnaryFunction::Sign},
};
inline constexpr NamedUnary kParametric[] = {
    {"Celu", UnaryFunction::Celu},
    {"Elu", UnaryFunction::Elu},
    {"HardSigmoid", UnaryFunction::HardSigmoid},
    {"HardSwish", UnaryFunction::HardSwish},
    {"LeakyRelu", UnaryFunction::LeakyRelu},
    {"Selu", UnaryFunction::Elu},
    {"Swish", UnaryFunction::Swish},
    {"ThresholdedRelu", UnaryFunction::ThresholdedRelu},
};

struct NamedBinary {
  std::string_view op_type;
  int64_t since;
  BinaryFunction function;
  DTypeSet types;
};
inline constexpr DTypeSet kNumbers = types::floats | (kIntegers - types::boolean);
inline constexpr NamedBinary kBinary[] = {
    {"Add", 7, BinaryFunction::Add, kNumbers},
    {"Sub", 7, BinaryFunction::Sub, kNumbers},
    {"Mul", 7, BinaryFunction::Mul, kNumbers},
    {"Div", 7, BinaryFunction::Div, kNumbers},
    {"Max", 8, BinaryFunction::Max, kNumbers},
    {"Min", 8, BinaryFunction::Min, kNumbers},
    {"Sum", 8, BinaryFunction::Add, types::floats},
    {"Pow", 7, BinaryFunction::Pow, types::floats},
    {"PRelu", 7, BinaryFunction::PRelu, kNumbers},
    {"Equal", 7, BinaryFunction::Equal, types::floats | kIntegers},
    {"Less", 7, BinaryFunction::Less, kNumbers},
    {"LessOrEqual", 12, BinaryFunction::LessOrEqual, kNumbers},
    {"Greater", 7, BinaryFunction::Greater, kNumbers},
    {"GreaterOrEqual", 12, BinaryFunction::GreaterOrEqual, kNumbers},
    {"And", 7, BinaryFunction::And, types::boolean},
    {"Or", 7, BinaryFunction::Or, types::boolean},
    {"Xor", 7, BinaryFunction::Xor, types::boolean},
    {"BitwiseAnd", 18, BinaryFunction::BitwiseAnd, types::ints},
    {"BitwiseOr", 18, BinaryFunction::BitwiseOr, types::ints},
    {"BitwiseXor", 18, BinaryFunction::BitwiseXor, types::ints},
};

}  // namespace mica::cuda
