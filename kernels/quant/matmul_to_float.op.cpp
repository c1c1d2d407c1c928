// MatMulIntegerToFloat, com.microsoft 1:   Y = (A - a_zero_point) x (B - b_zero_point) * a_scale * b_scale + bias
// DynamicQuantizeMatMul, com.microsoft 1:  the same of a float A, which is quantised by its range first
// Scales and zero points are one number, or one for each row of A or column of B.
#include "kernels/flop_rules.h"
#include "kernels/quant/dynamic_quantize.h"
#include "kernels/quant/int8_inputs.h"
#include "kernels/quant/int8_matmul.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

void infer_as(InferContext& ctx, size_t like, size_t bias) {
  same_dtype(ctx, like, bias);
  ctx.set(0, ctx.dtype(like), matmul_dims(ctx, 0, {}, 1, {}));
}

auto prepack(const NoParams&, const ConstantOperands& io) {
  return pack_constant(io.in(1));
}

void multiply(const Operands& io, const Int8MatMul& m, const ProductScales& scales, size_t bias) {
  const WideOutput<float> y(io, io.out(0));
  multiply_to_float(io, m, scales, bias, y.data());
  y.store();
}

namespace integer_to_float {

using enum MatMulIntegerToFloat::Input;

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, kA, kAZero);
  same_dtype(ctx, kB, kBZero);
  infer_as(ctx, kAScale, kBias);
}

void run_cpu(const NoParams&, const Operands& io) {
  const ByteOperand a{io.in(kA), optional_tensor(io, kAZero)};
  const ByteOperand b{io.in(kB), optional_tensor(io, kBZero)};
  const Int8MatMul m = prepare_matmul(io, a, b, io.out(0).shape(), io.packed<PackedRight>());
  multiply(io, m, ProductScales(io, m, kAScale, kBScale), kBias);
}

}  // namespace integer_to_float

namespace dynamic {

using enum DynamicQuantizeMatMul::Input;

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, kB, kBZero);
  infer_as(ctx, kA, kBias);
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(kA);
  const ByteScale by = dynamic_scale(x.data<float>(), x.elements());
  uint8_t* bytes = io.scratch<uint8_t>(x.elements());
  quantize_bytes(io.threads(), x.data<float>(), by, bytes, x.elements());
  const uint8_t a_zero = static_cast<uint8_t>(by.zero);
  const Tensor zero = Tensor::view<uint8_t>({}, &a_zero);
  const Tensor quantized = Tensor::view<uint8_t>(x.shape(), bytes);
  const ByteOperand a{quantized, &zero};
  const ByteOperand b{io.in(kB), optional_tensor(io, kBZero)};
  const Int8MatMul m = prepare_matmul(io, a, b, io.out(0).shape(), io.packed<PackedRight>());
  multiply(io, m, ProductScales(io, m, by.scale, kBScale), kBias);
}

}  // namespace dynamic

constexpr DTypeSet kFloats{DType::F32, DType::F16};

}  // namespace

MICA_OP(MatMulIntegerToFloat, 1, com_microsoft) {
  return op()
      .input("A", kByteTypes)
      .input("B", kByteTypes)
      .input("a_scale", kFloats)
      .input("b_scale", kFloats)
      .optional_input("a_zero_point", kByteTypes)
      .optional_input("b_zero_point", kByteTypes)
      .optional_input("bias", kFloats)
      .output("Y")
      .infer<integer_to_float::infer>()
      .flops<product_flops>()
      .cpu<integer_to_float::run_cpu>()
      .prepack<prepack>();
}

MICA_OP(DynamicQuantizeMatMul, 1, com_microsoft) {
  return op()
      .input("A", types::f32)
      .input("B", kByteTypes)
      .input("b_scale", types::f32)
      .optional_input("b_zero_point", kByteTypes)
      .optional_input("bias", types::f32)
      .output("Y")
      .infer<dynamic::infer>()
      .flops<product_flops>()
      .cpu<dynamic::run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
