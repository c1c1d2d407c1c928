// QuantizeLinear, ai.onnx 10, 13, 19, 21, 23, 24, 25 and com.microsoft 1:  y = saturate(round(x / scale) + zero point)
// with one scale and zero point for the tensor, for each place of `axis` (since 13), or for each block of `block_size`
// elements along it (since 21). round: ties to even. Division is done in the type of the scale, or in `precision`.
// Without a zero point y is uint8, or `output_dtype`. To a float8 or float4 the sum is not rounded before it is cast.
#include "kernels/quant/codes.h"
#include "kernels/quant/granularity.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_op.h"
#include "kernels/quant/quantize_simd.h"
#include "kernels/shape/elements.h"

namespace mica {
namespace {

void prepare(QuantizeLinear& op, const NodeFacts&) {
  if (op.block_size < 0) throw Error(ErrorCode::InvalidModel, "block_size is " + std::to_string(op.block_size));
  if (op.output_dtype != DType::Undefined && !op.outputs.contains(op.output_dtype)) {
    throw Error(ErrorCode::InvalidModel, "cannot quantise to " + std::string(name(op.output_dtype)));
  }
  if (op.precision != DType::Undefined && !is_float(op.precision)) {
    throw Error(ErrorCode::InvalidModel, "precision " + std::string(name(op.precision)) + " is not a float");
  }
}

void infer(const QuantizeLinear& op, InferContext& ctx) {
  const DType given = op.output_dtype == DType::Undefined ? DType::U8 : op.output_dtype;
  const DType dtype = ctx.has(2) ? ctx.dtype(2) : given;
  if (op.output_dtype != DType::Undefined && dtype != op.output_dtype && dtype != DType::Undefined) {
    ctx.fail("output_dtype is " + std::string(name(op.output_dtype)) + ", the zero point is " +
             std::string(name(dtype)));
  }
  check_granularity(ctx, op.axis, op.block_size);
  ctx.set(0, dtype, ctx.type(0).dims);
}

/// q = x / scale, computed and rounded as P.
template <class X, class P, class W>
void divide(const X* x, const W* scale, int64_t step, int64_t count, float* q) {
  for (int64_t i = 0; i < count; ++i) {
    const P numerator = static_cast<P>(static_cast<W>(x[i]));
    const P denominator = static_cast<P>(scale[i * step]);
    q[i] = static_cast<float>(static_cast<P>(static_cast<W>(numerator) / static_cast<W>(denominator)));
  }
}

/// y = saturate(round(q) + zero); a NaN gives the least number.
template <class Y>
void to_integers(const float* q, const float* zero, int64_t step, int64_t count, IntegerRange range, Y* y) {
  constexpr float kUnits = 0x1.8p23f;  // sums with it are rounded to even integers; the range is far smaller
  for (int64_t i = 0; i < count; ++i) {
    const float z = zero[i * step];
    const float low = range.low - z;
    const float above = q[i] > low ? q[i] : low;
    const float within = above < range.high - z ? above : range.high - z;
    y[i] = static_cast<Y>(static_cast<int32_t>(within + kUnits - kUnits + z));
  }
}

struct Quantizer {
  const QuantizeLinear& op;
  DType dtype;  ///< of y
  const float* zeros;
  void* y;

  void store(const float* q, int64_t begin, int64_t count, int64_t first, int64_t step) const {
    const float* zero = zeros + first;
    if (const SmallFloatFormat* format = small_float_format(dtype)) {
      uint8_t* to = static_cast<uint8_t*>(y) + begin;
      for (int64_t i = 0; i < count; ++i) to[i] = encode_small_float(q[i] + zero[i * step], *format, op.saturate);
      return;
    }
    const auto write = [&]<class Y>() {
      to_integers(q, zero, step, count, integer_range(dtype), static_cast<Y*>(y) + begin);
    };
    if (!visit_dtype<int8_t, int16_t, uint16_t>(dtype, write)) write.template operator()<uint8_t>();
  }
};

template <class P>
void run(const Quantizer& quantizer, const Operands& io, const Granularity& granularity) {
  using W = std::conditional_t<std::is_same_v<P, double>, double, float>;
  const Tensor& x = io.in(0);
  const W* scales = load_parameters<W>(io, 1, io.in(1).elements());
  visit_dtype<float, Half, BFloat16, int32_t>(x.dtype(), [&]<class X>() {
    const X* from = x.data<X>();
    granularity.for_each(io.threads(), [&](int64_t begin, int64_t count, int64_t first, int64_t step) {
      if constexpr (std::is_same_v<X, float> && std::is_same_v<P, float>) {
        const int32_t zero = static_cast<int32_t>(quantizer.zeros[first]);
        const bool bytes =
            step == 0 && visit_dtype<int8_t, uint8_t>(quantizer.dtype, [&]<class Y>() {
              ByteLoops<Y>::quantize()(from + begin, scales[first], zero, static_cast<Y*>(quantizer.y) + begin, count);
            });
        if (bytes) return;
      }
      float q[Granularity::kChunk];
      divide<X, P>(from + begin, scales + first, step, count, q);
      quantizer.store(q, begin, count, first, step);
    });
  });
}

void run_cpu(const QuantizeLinear& op, const Operands& io) {
  const Tensor& scale = io.in(1);
  Tensor& y = io.out(0);
  const Granularity granularity(io.in(0).shape(), scale.shape(), op.axis, op.block_size);
  uint8_t* packed = is_sub_byte(y.dtype()) ? stage<uint8_t>(io, y) : nullptr;
  const Quantizer quantizer{op, y.dtype(), load_parameters<float>(io, 2, scale.elements()),
                            packed != nullptr ? packed : y.mutable_raw()};
  DType precision = op.precision == DType::Undefined ? scale.dtype() : op.precision;
  if (precision == DType::F8E8M0) precision = DType::F32;
  const bool narrow =
      visit_dtype<float, Half, BFloat16>(precision, [&]<class P>() { run<P>(quantizer, io, granularity); });
  if (!narrow) run<double>(quantizer, io, granularity);
  if (packed != nullptr) store(packed, y);
}

constexpr DTypeSet kInputs{DType::F32, DType::F16, DType::BF16, DType::I32};
constexpr DTypeSet kFrom21 = kByteTypes | types::float8 | DTypeSet{DType::I16, DType::U16, DType::I4, DType::U4};
constexpr DTypeSet kFrom23 = kFrom21 | DTypeSet{DType::F4E2M1};
constexpr DTypeSet kFrom25 = kFrom23 | DTypeSet{DType::I2, DType::U2};

OpBuilder<QuantizeLinear> quantize(DTypeSet inputs, DTypeSet scales, DTypeSet outputs) {
  return op(QuantizeLinear{.outputs = outputs})
      .input("x", inputs)
      .input("y_scale", scales)
      .optional_input("y_zero_point", outputs)
      .output("y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

OpBuilder<QuantizeLinear> with_axis(OpBuilder<QuantizeLinear> builder) {
  return builder.attribute("axis", &QuantizeLinear::axis);
}

OpBuilder<QuantizeLinear> from_21(DTypeSet scales, DTypeSet outputs) {
  return with_axis(quantize(kInputs, scales, outputs))
      .attribute("saturate", &QuantizeLinear::saturate)
      .attribute("block_size", &QuantizeLinear::block_size)
      .attribute("output_dtype", &QuantizeLinear::output_dtype);
}

OpBuilder<QuantizeLinear> from_23(DTypeSet scales, DTypeSet outputs) {
  return from_21(scales, outputs).attribute("precision", &QuantizeLinear::precision);
}

}  // namespace

MICA_OP(QuantizeLinear, 25) {
  return from_23(kInputs | DTypeSet{DType::F8E8M0}, kFrom25);
}

MICA_OP(QuantizeLinear, 24) {
  return from_23(kInputs | DTypeSet{DType::F8E8M0}, kFrom23);
}

MICA_OP(QuantizeLinear, 23) {
  return from_23(kInputs, kFrom23);
}

MICA_OP(QuantizeLinear, 21) {
  return from_21(kInputs, kFrom21);
}

MICA_OP(QuantizeLinear, 19) {
  return with_axis(quantize(kInputs, kInputs, kByteTypes | types::float8))
      .attribute("saturate", &QuantizeLinear::saturate);
}

MICA_OP(QuantizeLinear, 13) {
  return with_axis(quantize({DType::F32, DType::I32}, types::f32, kByteTypes));
}

MICA_OP(QuantizeLinear, 10) {
  return quantize({DType::F32, DType::I32}, types::f32, kByteTypes);
}

MICA_OP(QuantizeLinear, 1, com_microsoft) {
  return with_axis(quantize({DType::F32, DType::F16}, {DType::F32, DType::F16},
                            kByteTypes | DTypeSet{DType::I16, DType::U16, DType::I4, DType::U4}));
}

}  // namespace mica
