// QuantizeLinear, ai.onnx 10, 13, 19, 21, 23, 24, 25 and com.microsoft 1:  y = saturate(round(x / scale) + zero point)
// with one scale and zero point for the tensor, for each place of `axis` (since 13), or for each block of `block_size`
// elements along it (since 21). round: ties to even. Division is done in the type of the scale, or in `precision`.
// Without a zero point y is uint8, or `output_dtype`. To a float8 or float4 the sum is not rounded before it is cast.
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

void prepare(QuantizeLinear& op, const NodeFacts&) {
  if (op.block_size < 0) throw_error(ErrorCode::InvalidModel, {"block_size is ", op.block_size});
  if (op.output_dtype != DType::Undefined && !op.outputs.contains(op.output_dtype)) {
    throw_error(ErrorCode::InvalidModel, {"cannot quantise to ", name(op.output_dtype)});
  }
  if (op.precision != DType::Undefined && !is_float(op.precision)) {
    throw_error(ErrorCode::InvalidModel, {"precision ", name(op.precision), " is not a float"});
  }
}

void infer(const QuantizeLinear& op, InferContext& ctx) {
  const DType given = op.output_dtype == DType::Undefined ? DType::U8 : op.output_dtype;
  const DType dtype = ctx.has(2) ? ctx.dtype(2) : given;
  if (op.output_dtype != DType::Undefined && dtype != op.output_dtype && dtype != DType::Undefined) {
    throw_error(ErrorCode::InvalidModel,
                {"output_dtype is ", name(op.output_dtype), ", the zero point is ", name(dtype)});
  }
  check_granularity(ctx, op.axis, op.block_size);
  ctx.set(0, dtype, ctx.type(0).dims);
}

/// Rounds floats to a narrower float type; those of other types stay as they are.
void round_to(DType dtype, float* x, int64_t count) {
  const ConvertLoop narrow = narrowing(dtype);
  if (narrow == nullptr) return;
  uint16_t rounded[Granularity::kChunk];
  for (int64_t first = 0; first < count; first += Granularity::kChunk) {
    const int64_t n = std::min(Granularity::kChunk, count - first);
    narrow(x + first, rounded, n);
    widening(dtype)(rounded, x + first, n);
  }
}

struct Quantizer {
  const QuantizeLinear& op;
  const Operands& io;
  const Granularity& granularity;
  DType precision;
  DType dtype;  ///< of y
  const float* zeros;
  void* y;

  void store(const float* q, int64_t begin, int64_t count, int64_t first, int64_t step) const {
    auto* to = static_cast<uint8_t*>(y) + begin * std::max(8, bit_width(dtype)) / 8;
    const SmallFloatFormat* format = small_float_format(dtype);
    if (format == nullptr) return store_codes(q, zeros + first, step, count, dtype, to);
    for (int64_t i = 0; i < count; ++i) {
      to[i] = encode_small_float(q[i] + zeros[first + i * step], *format, op.saturate);
    }
  }

  /// Whether vector loops did all.
  bool store_bytes(int64_t begin, int64_t count, int64_t first, int64_t step, float scale) const {
    if (step != 0 || precision != DType::F32 || io.in(0).dtype() != DType::F32) return false;
    return visit_dtype<int8_t, uint8_t>(dtype, [&]<class Y>() {
      ByteLoops<Y>::quantize()(io.in(0).data<float>() + begin, scale, static_cast<int32_t>(zeros[first]),
                               static_cast<Y*>(y) + begin, count);
    });
  }

  /// Divides in W, float or double, and rounds to `precision`.
  template <class W>
  void run() const {
    const Tensor& x = io.in(0);
    const int64_t scale_count = io.in(1).elements(), x_width = bit_width(x.dtype()) / 8;
    W* scales = load_parameters<W>(io, 1, scale_count);
    const auto round = [&](W* numbers, int64_t count) {
      if constexpr (std::is_same_v<W, float>) round_to(precision, numbers, count);
    };
    round(scales, scale_count);
    granularity.for_each(io.threads(), [&](int64_t begin, int64_t count, int64_t first, int64_t step) {
      if (store_bytes(begin, count, first, step, static_cast<float>(scales[first]))) return;
      W numbers[Granularity::kChunk];
      float q[Granularity::kChunk];
      const W* from = numbers;
      if (x.dtype() == dtype_of<W> && precision == dtype_of<W>) {
        from = x.data<W>() + begin;
      } else if (x.dtype() == DType::I32) {
        for (int64_t i = 0; i < count; ++i) numbers[i] = static_cast<W>(x.data<int32_t>()[begin + i]);
      } else {
        convert_floats(x.dtype(), static_cast<const std::byte*>(x.raw()) + begin * x_width, dtype_of<W>, numbers,
                       count);
      }
      if (from == numbers) round(numbers, count);
      divide_by_scales(from, scales + first, step, count, q);
      round_to(precision, q, count);
      store(q, begin, count, first, step);
    });
  }
};

void run_cpu(const QuantizeLinear& op, const Operands& io) {
  const Tensor& scale = io.in(1);
  Tensor& y = io.out(0);
  const Granularity granularity(io.in(0).shape(), scale.shape(), op.axis, op.block_size);
  uint8_t* packed = is_sub_byte(y.dtype()) ? stage<uint8_t>(io, y) : nullptr;
  DType precision = op.precision == DType::Undefined ? scale.dtype() : op.precision;
  if (!is_float(precision)) precision = precision == DType::F8E8M0 ? DType::F32 : DType::F64;
  const Quantizer quantizer{op,
                            io,
                            granularity,
                            precision,
                            y.dtype(),
                            load_parameters<float>(io, 2, scale.elements()),
                            packed != nullptr ? packed : y.mutable_raw()};
  precision == DType::F64 ? quantizer.run<double>() : quantizer.run<float>();
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
