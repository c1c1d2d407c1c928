// QLinearMatMul, ai.onnx 10, 21:  y = saturate(round((a - a_zero) x (b - b_zero) * (a_scale * b_scale / y_scale)) +
// y_zero), with the shapes of MatMul. Scale and zero point of a are one number or one for each row, those of b one for
// each column. float8 operands, since 21, are multiplied as floats.
#include "kernels/flop_rules.h"
#include "kernels/quant/codes.h"
#include "kernels/quant/int8_matmul.h"
#include "kernels/quant/quantize_simd.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kYScale, kYZero };

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, kA, kAZero);
  same_dtype(ctx, kB, kBZero);
  ctx.set(0, ctx.dtype(kYZero), matmul_dims(ctx, kA, {}, kB, {}));
}

auto prepack(const NoParams&, const ConstantOperands& io) {
  const Tensor* b = io.in(kB);
  return b != nullptr && kByteTypes.contains(b->dtype()) ? pack_constant(b) : nullptr;
}

void run_bytes(const Operands& io) {
  Tensor& y = io.out(0);
  const ByteOperand a{io.in(kA), &io.in(kAZero)};
  const ByteOperand b{io.in(kB), &io.in(kBZero)};
  const Int8MatMul m = prepare_matmul(io, a, b, y.shape(), io.packed<PackedRight>());
  const ProductScales scales(io, m, kAScale, kBScale, one_scale(io, kYScale));
  const int32_t zero = one_zero(io, kYZero);
  visit_dtype<uint8_t, int8_t>(y.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    const auto requantize = ByteLoops<T>::requantize();
    multiply_int8(io.threads(), m, [&](int64_t i, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
      float local[Int8Piece::kWidth];
      requantize(sums, scales.at(i, row, column, count, local), zero, to + (i * m.rows + row) * m.columns + column,
                 count);
    });
  });
}

/// An operand as floats (x - zero) * scale. `rows`: scales and zero points belong to rows, else to columns.
const float* decode(const Operands& io, size_t x, size_t scale, size_t zero, bool rows) {
  const Tensor& tensor = io.in(x);
  const Shape& shape = tensor.shape();
  const int64_t width = shape.rank() > 0 ? shape.back() : 1;
  const int64_t height = shape.rank() > 1 ? shape[shape.rank() - 2] : 1;
  const int64_t period = rows ? height : width;
  const int64_t given = io.in(scale).elements();
  if (given != 1 && given != period) {
    throw_error(ErrorCode::InvalidArgument,
                {"scale ", io.in(scale), " is neither one nor one for each of ", period, " rows or columns"});
  }
  const float* scales = load_parameters<float>(io, scale, given);
  const float* zeros = load_parameters<float>(io, zero, given);
  const float* codes = load_parameters<float>(io, x, tensor.elements());
  float* values = io.scratch<float>(tensor.elements());
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const int64_t p = (rows ? i / width : i % width) % given;
    values[i] = (codes[i] - zeros[p]) * scales[p];
  }
  return values;
}

void run_floats(const Operands& io) {
  Tensor& y = io.out(0);
  const MatMulProblem p = matmul_problem(io.in(kA).shape(), {}, io.in(kB).shape(), {}, y.shape());
  float* product = io.scratch<float>(y.elements());
  multiply_stacks<float>(io, p.batch, p.a, decode(io, kA, kAScale, kAZero, true), p.b,
                         decode(io, kB, kBScale, kBZero, false), p.y, product);
  const float scale = one_scale(io, kYScale);
  const float zero = *load_parameters<float>(io, kYZero, 1);
  if (const SmallFloatFormat* format = small_float_format(y.dtype())) {
    uint8_t* to = y.mutable_data<uint8_t>();
    for (int64_t i = 0; i < y.elements(); ++i) to[i] = encode_small_float(product[i] / scale + zero, *format, true);
    return;
  }
  visit_dtype<uint8_t, int8_t>(y.dtype(), [&]<class T>() {
    ByteLoops<T>::quantize()(product, scale, static_cast<int32_t>(zero), y.mutable_data<T>(), y.elements());
  });
}

void run_cpu(const NoParams&, const Operands& io) {
  const bool bytes = kByteTypes.contains(io.in(kA).dtype()) && kByteTypes.contains(io.in(kB).dtype()) &&
                     kByteTypes.contains(io.out(0).dtype());
  bytes ? run_bytes(io) : run_floats(io);
}

OpBuilder<NoParams> qlinear_matmul(DTypeSet types, DTypeSet scales) {
  return op()
      .input("a", types)
      .input("a_scale", scales)
      .input("a_zero_point", types)
      .input("b", types)
      .input("b_scale", scales)
      .input("b_zero_point", types)
      .input("y_scale", scales)
      .input("y_zero_point", types)
      .output("y")
      .infer<infer>()
      .flops<product_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace

MICA_OP(QLinearMatMul, 21) {
  return qlinear_matmul(kByteTypes | types::float8, {DType::F32, DType::F16, DType::BF16});
}

MICA_OP(QLinearMatMul, 10) {
  return qlinear_matmul(kByteTypes, types::f32);
}

}  // namespace mica
