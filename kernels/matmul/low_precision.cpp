#include "kernels/matmul/low_precision.h"

#include "kernels/wide_operands.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes{DType::F32, DType::F16, DType::BF16};

std::string refuse_low_precision(const Gemm& op, std::span<const ValueType> inputs) {
  const ValueType& a = inputs[0];
  const ValueType& b = inputs[1];
  if (!kTypes.contains(a.dtype)) return "not of 32 or 16 bit floats";
  if (op.trans_a) return "the left operand is transposed";
  if (!a.dims || a.dims->size() < 2 || !b.dims || b.dims->size() != 2) return "not a product with one matrix";
  return "";
}

}  // namespace

std::string refuse_bf16(const Gemm& op, std::span<const ValueType> inputs) {
  if (!multiplies_bf16()) return "the CPU has no products of bfloat16";
  return refuse_low_precision(op, inputs);
}

std::string refuse_bfloat16_tensors(const Gemm& op, std::span<const ValueType> inputs) {
  return inputs[0].dtype != DType::BF16 ? "not of bfloat16" : refuse_bf16(op, inputs);
}

std::string refuse_int8_dynamic(const Gemm& op, std::span<const ValueType> inputs) {
  return refuse_low_precision(op, inputs);
}

void run_bf16(const Gemm& op, const Epilogue& epilogue, const Operands& io, const Bf16Weights& weights) {
  const GemmSides sides = gemm_sides(op, io.in(0).shape(), io.in(1).shape());
  check_residual(io);
  const WideOutput<float> y(io, io.out(0));
  gemm_bf16(io, {io.in(0), sides.m}, weights, gemm_product(op, epilogue, io, sides, y.data()));
  y.store();
}

void run_int8_dynamic(const Gemm& op, const Epilogue& epilogue, const Operands& io, const Int8Weights& weights) {
  const GemmSides sides = gemm_sides(op, io.in(0).shape(), io.in(1).shape());
  check_residual(io);
  const WideOutput<float> y(io, io.out(0));
  gemm_int8(io, widen<float>(io, io.in(0)), weights, gemm_product(op, epilogue, io, sides, y.data()));
  y.store();
}

}  // namespace mica
