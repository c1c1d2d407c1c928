// DequantizeLinear, ai.onnx 10, 13, 19, 21, 23, 24, 25 and com.microsoft 1:  y = (x - zero point) * scale
// with the granularities of QuantizeLinear. y has the type of the scale, or `output_dtype` (since 23).
#include "kernels/quant/codes.h"
#include "kernels/quant/granularity.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_op.h"
#include "kernels/quant/quantize_simd.h"
#include "kernels/shape/elements.h"

namespace mica {
namespace {

void prepare(DequantizeLinear& op, const NodeFacts&) {
  if (op.block_size < 0) throw Error(ErrorCode::InvalidModel, "block_size is " + std::to_string(op.block_size));
  if (op.output_dtype != DType::Undefined && (!is_float(op.output_dtype) || op.output_dtype == DType::F64)) {
    throw Error(ErrorCode::InvalidModel, "cannot dequantise to " + std::string(name(op.output_dtype)));
  }
}

void infer(const DequantizeLinear& op, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  check_granularity(ctx, op.axis, op.block_size);
  const DType from_scale = ctx.dtype(1) == DType::F8E8M0 ? DType::F32 : ctx.dtype(1);
  ctx.set(0, op.output_dtype == DType::Undefined ? from_scale : op.output_dtype, ctx.type(0).dims);
}

/// d = x - zero, exact but for numbers beyond 2^24.
template <class X>
void subtract(const X* x, const int32_t* zero, int64_t step, int64_t count, float* d) {
  using Difference = std::conditional_t<sizeof(X) == 4, int64_t, int32_t>;
  for (int64_t i = 0; i < count; ++i) {
    d[i] = static_cast<float>(static_cast<Difference>(x[i]) - static_cast<Difference>(zero[i * step]));
  }
}

struct Dequantizer {
  const float* scales;
  Tensor& y;

  /// Writes d * scale, d = x - zero.
  void store(const float* d, int64_t begin, int64_t count, int64_t first, int64_t step) const {
    const float* scale = scales + first;
    visit_dtype<float, Half, BFloat16>(y.dtype(), [&]<class Y>() {
      Y* to = y.mutable_data<Y>() + begin;
      for (int64_t i = 0; i < count; ++i) to[i] = Y(d[i] * scale[i * step]);
    });
  }
};

template <class X>
void run_integers(const Dequantizer& out, const Operands& io, const Granularity& granularity) {
  const X* x = io.in(0).data<X>();
  const int32_t* zeros = load_parameters<int32_t>(io, 2, io.in(1).elements());
  granularity.for_each(io.threads(), [&](int64_t begin, int64_t count, int64_t first, int64_t step) {
    if constexpr (sizeof(X) == 1) {
      if (step == 0 && out.y.dtype() == DType::F32) {
        float* y = out.y.mutable_data<float>() + begin;
        ByteLoops<X>::dequantize()(x + begin, out.scales[first], zeros[first], y, count);
        return;
      }
    }
    float d[Granularity::kChunk];
    subtract(x + begin, zeros + first, step, count, d);
    out.store(d, begin, count, first, step);
  });
}

void run_codes(const Dequantizer& out, const Operands& io, const Granularity& granularity) {
  const CodeTable table(io.in(0).dtype());
  const uint8_t* codes = load<uint8_t>(io, io.in(0));
  const float* zeros = load_parameters<float>(io, 2, io.in(1).elements());
  granularity.for_each(io.threads(), [&](int64_t begin, int64_t count, int64_t first, int64_t step) {
    float d[Granularity::kChunk];
    for (int64_t i = 0; i < count; ++i) d[i] = table.values[codes[begin + i]] - zeros[first + i * step];
    out.store(d, begin, count, first, step);
  });
}

void run_cpu(const DequantizeLinear& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Tensor& scale = io.in(1);
  const Granularity granularity(x.shape(), scale.shape(), op.axis, op.block_size);
  const Dequantizer out{load_parameters<float>(io, 1, scale.elements()), io.out(0)};
  const bool integers = visit_dtype<int8_t, uint8_t, int16_t, uint16_t, int32_t>(
      x.dtype(), [&]<class X>() { run_integers<X>(out, io, granularity); });
  if (!integers) run_codes(out, io, granularity);
}

constexpr DTypeSet kFrom10{DType::I8, DType::U8, DType::I32};
constexpr DTypeSet kFrom21 = kFrom10 | types::float8 | DTypeSet{DType::I16, DType::U16, DType::I4, DType::U4};
constexpr DTypeSet kFrom23 = kFrom21 | DTypeSet{DType::F4E2M1};
constexpr DTypeSet kFrom25 = kFrom23 | DTypeSet{DType::I2, DType::U2};
constexpr DTypeSet kScales{DType::F32, DType::F16, DType::BF16};

OpBuilder<DequantizeLinear> dequantize(DTypeSet inputs, DTypeSet scales) {
  return op<DequantizeLinear>()
      .input("x", inputs)
      .input("x_scale", scales)
      .optional_input("x_zero_point", inputs)
      .output("y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

OpBuilder<DequantizeLinear> from_13(DTypeSet inputs, DTypeSet scales) {
  return dequantize(inputs, scales).attribute("axis", &DequantizeLinear::axis);
}

OpBuilder<DequantizeLinear> from_23(DTypeSet inputs, DTypeSet scales) {
  return from_13(inputs, scales)
      .attribute("block_size", &DequantizeLinear::block_size)
      .attribute("output_dtype", &DequantizeLinear::output_dtype);
}

}  // namespace

MICA_OP(DequantizeLinear, 25) {
  return from_23(kFrom25, kScales | DTypeSet{DType::F8E8M0});
}

MICA_OP(DequantizeLinear, 24) {
  return from_23(kFrom23, kScales | DTypeSet{DType::F8E8M0});
}

MICA_OP(DequantizeLinear, 23) {
  return from_23(kFrom23, kScales);
}

MICA_OP(DequantizeLinear, 21) {
  return from_13(kFrom21, kScales).attribute("block_size", &DequantizeLinear::block_size);
}

MICA_OP(DequantizeLinear, 19) {
  return from_13(kFrom10 | types::float8, kScales);
}

MICA_OP(DequantizeLinear, 13) {
  return from_13(kFrom10, types::f32);
}

MICA_OP(DequantizeLinear, 10) {
  return dequantize(kFrom10, types::f32);
}

MICA_OP(DequantizeLinear, 1, com_microsoft) {
  return from_13(kFrom10 | DTypeSet{DType::I16, DType::U16, DType::I4, DType::U4}, {DType::F32, DType::F16});
}

}  // namespace mica
