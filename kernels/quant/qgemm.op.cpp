// QGemm, com.microsoft 1:  Y = alpha * a_scale * b_scale * ((A' - a_zero) x (B' - b_zero) + C), where A' is A or, with
// transA, its transpose; B' likewise; C, int32, broadcasts to Y. With y_scale and y_zero_point Y is quantised.
#include "kernels/flop_rules.h"
#include "kernels/quant/int8_inputs.h"
#include "kernels/quant/int8_matmul.h"
#include "kernels/quant/quantize_op.h"
#include "kernels/quant/quantize_simd.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum QGemm::Input;

void infer(const QGemm& op, InferContext& ctx) {
  same_dtype(ctx, kA, kAZero);
  same_dtype(ctx, kB, kBZero);
  if (ctx.has(kYZero) != ctx.has(kYScale)) ctx.fail("y_scale and y_zero_point are given together");
  for (const size_t input : {kA, kB}) {
    const Dims* dims = ctx.dims(input);
    if (dims != nullptr && dims->size() != 2)
      throw_error(ErrorCode::InvalidModel, {"an operand is not a matrix: ", *dims});
  }
  ctx.set(0, ctx.has(kYZero) ? ctx.dtype(kYZero) : DType::F32,
          matmul_dims(ctx, kA, {.transpose = op.trans_a}, kB, {.transpose = op.trans_b}));
}

auto prepack(const QGemm& op, const ConstantOperands& io) {
  return pack_constant(io.in(kB), {.transpose = op.trans_b});
}

/// C, broadcast to the product: element (i, j) is at data[i * row + j * column].
struct IntAddend {
  const int32_t* data = nullptr;
  int64_t row = 0, column = 0;

  IntAddend(const Operands& io, int64_t m, int64_t n) {
    if (!io.has(kC)) return;
    const AddendLayout layout = addend_layout(io.in(kC).shape(), m, n);
    data = io.in(kC).data<int32_t>();
    row = layout.row;
    column = layout.column;
  }

  /// Sums with the addends from (i, j) on: `sums` itself, or written to `local`.
  const int32_t* add(const int32_t* sums, int64_t i, int64_t j, int64_t count, int32_t* local) const {
    if (data == nullptr) return sums;
    const int32_t* from = data + i * row + j * column;
    for (int64_t k = 0; k < count; ++k) {
      local[k] = static_cast<int32_t>(static_cast<uint32_t>(sums[k]) + static_cast<uint32_t>(from[k * column]));
    }
    return local;
  }
};

void run_cpu(const QGemm& op, const Operands& io) {
  Tensor& y = io.out(0);
  const ByteOperand a{io.in(kA), &io.in(kAZero), {.transpose = op.trans_a}};
  const ByteOperand b{io.in(kB), optional_tensor(io, kBZero), {.transpose = op.trans_b}};
  const Int8MatMul m = prepare_matmul(io, a, b, y.shape(), io.packed<PackedRight>());
  const bool quantized = io.has(kYScale);
  const float divisor = quantized ? one_scale(io, kYScale) : 1.0f;
  const ProductScales scales(io, m, kAScale, kBScale, divisor / op.alpha);
  const int32_t zero = quantized ? one_zero(io, kYZero) : 0;
  const IntAddend c(io, m.rows, m.columns);
  const auto multiply = [&](auto&& finish) {
    multiply_int8(io.threads(), m, [&](int64_t i, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
      float local[Int8Piece::kWidth];
      int32_t added[Int8Piece::kWidth];
      finish(c.add(sums, row, column, count, added), scales.at(i, row, column, count, local), row * m.columns + column,
             count);
    });
  };
  if (!quantized) {
    float* to = y.mutable_data<float>();
    return multiply([&](const int32_t* sums, const float* scale, int64_t at, int64_t count) {
      quantize_kernels().scale(sums, scale, nullptr, to + at, count);
    });
  }
  visit_dtype<uint8_t, int8_t>(y.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    multiply([&](const int32_t* sums, const float* scale, int64_t at, int64_t count) {
      ByteLoops<T>::requantize()(sums, scale, zero, to + at, count);
    });
  });
}

}  // namespace

MICA_OP(QGemm, 1, com_microsoft) {
  return op<QGemm>()
      .input("A", kByteTypes)
      .input("a_scale", types::f32)
      .input("a_zero_point", kByteTypes)
      .input("B", kByteTypes)
      .input("b_scale", types::f32)
      .input("b_zero_point", kByteTypes)
      .optional_input("C", DTypeSet{DType::I32})
      .optional_input("y_scale", types::f32)
      .optional_input("y_zero_point", kByteTypes)
      .output("Y")
      .attribute("alpha", &QGemm::alpha)
      .attribute("transA", &QGemm::trans_a)
      .attribute("transB", &QGemm::trans_b)
      .infer<infer>()
      .flops<product_flops_by<QGemm>>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
