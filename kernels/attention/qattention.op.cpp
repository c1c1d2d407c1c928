// QAttention, com.microsoft 1: Attention of com.microsoft whose input and weights are 8-bit integers. Their product,
// with the scales and zero points of the input and of the weights or of each of their columns, and the bias is Q, K and
// V.
#include "kernels/attention/kv_cache.h"
#include "kernels/attention/packed_attention.h"
#include "kernels/flop_rules.h"
#include "kernels/quant/int8_matmul.h"

namespace mica {
namespace {

enum Input : size_t {
  kInput,
  kWeights,
  kTerms,
  kInputScale,
  kWeightScale,
  kMask,
  kInputZero,
  kWeightZero,
  kPast,
};
enum Output : size_t { kOutput, kPresent };

constexpr PackedInputs kInputs{kTerms, kMask, kPast};

void infer(const PackedAttention& op, InferContext& ctx) {
  same_dtype(ctx, kInput, kInputZero);
  same_dtype(ctx, kWeights, kWeightZero);
  for (const size_t i : {kInputScale, kWeightScale}) same_dtype(ctx, kTerms, i);
  infer_packed_attention(op, ctx, kInputs, ctx.dtype(kTerms));
}

auto prepack(const PackedAttention&, const ConstantOperands& io) {
  return pack_constant(io.in(kWeights));
}

void run_cpu(const PackedAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const PackedGeometry g(op, io, kInputs);
  float* packed = io.scratch<float>(g.rows() * g.packed);
  const ByteOperand input{io.in(kInput), optional_tensor(io, kInputZero)};
  const ByteOperand weights{io.in(kWeights), optional_tensor(io, kWeightZero)};
  const Shape product{g.q.batch, g.q.rows, g.packed};
  const Int8MatMul m = prepare_matmul(io, input, weights, product, io.packed<PackedRight>());
  multiply_to_float(io, m, ProductScales(io, m, kInputScale, kWeightScale), kTerms, packed);
  packed_attention<float>(op, io, kInputs, g, packed);
}

constexpr DTypeSet kFloats{DType::F32, DType::F16};

}  // namespace

MICA_OP(QAttention, 1, com_microsoft) {
  OpBuilder<PackedAttention> builder = op<PackedAttention>();
  packed_attention_attributes(builder);
  return builder.input("input", kByteTypes)
      .input("weight", kByteTypes)
      .input("bias", kFloats)
      .input("input_scale", kFloats)
      .input("weight_scale", kFloats)
      .optional_input("mask_index", DTypeSet{DType::I32})
      .optional_input("input_zero_point", kByteTypes)
      .optional_input("weight_zero_point", kByteTypes)
      .optional_input("past", kFloats)
      .output("output")
      .optional_output("present")
      .may_overwrite(kPresent, kPast)
      .appends<row_axis<3, PackedAttention>>(kPresent, kPast)
      .prepare<check_packed_attention>()
      .infer<infer>()
      .flops<projected_attention_flops<kPast>>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
