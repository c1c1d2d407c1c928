// DequantizeLinear, ai.onnx 10, 13, 19, 21, 23, 24, 25 and com.microsoft 1:  y = (x - zero point) * scale
// with the granularities of QuantizeLinear. y has the type of the scale, or `output_dtype` (since 23).
#include "kernels/cast/convert.h"
#include "kernels/float_conversion.h"
#include "kernels/quant/codes.h"
#include "kernels/quant/granularity.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_op.h"
#include "kernels/quant/quantize_simd.h"
#include "kernels/quant/quantize_steps.h"
#include "kernels/shape/elements.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void prepare(DequantizeLinear& op, const NodeFacts&) {
  if (op.block_size < 0) throw_error(ErrorCode::InvalidModel, {"block_size is ", op.block_size});
  if (op.output_dtype != DType::Undefined && (!is_float(op.output_dtype) || op.output_dtype == DType::F64)) {
    throw_error(ErrorCode::InvalidModel, {"cannot dequantise to ", name(op.output_dtype)});
  }
}

void infer(const DequantizeLinear& op, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  check_granularity(ctx, op.axis, op.block_size);
  const DType from_scale = ctx.dtype(1) == DType::F8E8M0 ? DType::F32 : ctx.dtype(1);
  ctx.set(0, op.output_dtype == DType::Undefined ? from_scale : op.output_dtype, ctx.type(0).dims);
}

struct Dequantizer {
  const float* scales;
  Tensor& y;

  /// Writes d * scale, d = x - zero.
  void store(float* d, int64_t begin, int64_t count, int64_t first, int64_t step) const {
    if (y.dtype() == DType::F32) {
      return multiply_by_scales(d, scales + first, step, count, y.mutable_data<float>() + begin);
    }
    multiply_by_scales(d, scales + first, step, count, d);
    narrowing(y.dtype())(d, y.mutable_data<uint16_t>() + begin, count);
  }
};

/// Whether vector loops did a whole run of bytes that share scale and zero point.
bool store_bytes(const Tensor& x, int64_t begin, int64_t count, float scale, int32_t zero, Tensor& y) {
  if (y.dtype() != DType::F32) return false;
  return visit_dtype<int8_t, uint8_t>(x.dtype(), [&]<class X>() {
    ByteLoops<X>::dequantize()(x.data<X>() + begin, scale, zero, y.mutable_data<float>() + begin, count);
  });
}

void run_integers(const Dequantizer& out, const Operands& io, const Granularity& granularity) {
  const Tensor& x = io.in(0);
  const int64_t width = bit_width(x.dtype()) / 8;
  const ConvertElements widen = widening_to_int32(x.dtype());
  const int32_t* zeros = load_parameters<int32_t>(io, 2, io.in(1).elements());
  granularity.for_each(io.threads(), [&](int64_t begin, int64_t count, int64_t first, int64_t step) {
    if (step == 0 && store_bytes(x, begin, count, out.scales[first], zeros[first], out.y)) return;
    const auto* from = static_cast<const std::byte*>(x.raw()) + begin * width;
    int32_t wide[Granularity::kChunk];
    if (widen != nullptr) widen(from, wide, count);
    float d[Granularity::kChunk];
    subtract_zeros(widen != nullptr ? wide : reinterpret_cast<const int32_t*>(from), zeros + first, step, count, d);
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
  constexpr DTypeSet kIntegers{DType::I8, DType::U8, DType::I16, DType::U16, DType::I32};
  const Tensor& x = io.in(0);
  const Tensor& scale = io.in(1);
  const Granularity granularity(x.shape(), scale.shape(), op.axis, op.block_size);
  const Dequantizer out{load_parameters<float>(io, 1, scale.elements()), io.out(0)};
  kIntegers.contains(x.dtype()) ? run_integers(out, io, granularity) : run_codes(out, io, granularity);
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
