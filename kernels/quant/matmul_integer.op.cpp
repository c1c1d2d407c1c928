// MatMulInteger, ai.onnx 10:  Y = (A - a_zero_point) x (B - b_zero_point) in int32, with the shapes of MatMul. A zero
// point is one number, or one for each row of A or column of B.
#include "kernels/flop_rules.h"
#include "kernels/quant/int8_matmul.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  same_dtype(ctx, 1, 3);
  ctx.set(0, DType::I32, matmul_dims(ctx, 0, {}, 1, {}));
}

auto prepack(const NoParams&, const ConstantOperands& io) {
  return pack_constant(io.in(1));
}

void run_cpu(const NoParams&, const Operands& io) {
  Tensor& y = io.out(0);
  const ByteOperand a{io.in(0), optional_tensor(io, 2)};
  const ByteOperand b{io.in(1), optional_tensor(io, 3)};
  const Int8MatMul m = prepare_matmul(io, a, b, y.shape(), io.packed<PackedRight>());
  int32_t* to = y.mutable_data<int32_t>();
  multiply_int8(io.threads(), m, [&](int64_t i, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
    std::copy_n(sums, count, to + (i * m.rows + row) * m.columns + column);
  });
}

}  // namespace

MICA_OP(MatMulInteger, 10) {
  return op()
      .input("A", kByteTypes)
      .input("B", kByteTypes)
      .optional_input("a_zero_point", kByteTypes)
      .optional_input("b_zero_point", kByteTypes)
      .output("Y")
      .infer<infer>()
      .flops<product_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
