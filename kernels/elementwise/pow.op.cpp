// Pow, ai.onnx 1: X to the power of Y, of X's type; with numpy's broadcasting from version 7 on, and a type of its own
// for Y from 12 on. Integer powers of integers wrap around; a negative one is truncated (that of 0 is 0).
#include <cmath>
#include <optional>

#include "kernels/activation/unary_simd.h"
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/legacy.h"
#include "kernels/reduce/functions.h"

namespace mica {
namespace {

constexpr int64_t kCost = 8;

struct RealPower {
  static constexpr bool commutes = false;
  [[gnu::always_inline]] static double apply(double x, double y) { return std::pow(x, y); }
};

struct IntegerPower {
  static constexpr bool commutes = false;
  [[gnu::always_inline]] static int64_t apply(int64_t x, int64_t y) {
    if (y < 0) return x == 1 || (x == -1 && y % 2 == 0) ? 1 : x == -1 ? -1 : 0;
    uint64_t power = 1;
    uint64_t base = static_cast<uint64_t>(x);
    for (uint64_t rest = static_cast<uint64_t>(y); rest != 0; rest >>= 1) {
      if ((rest & 1) != 0) power *= base;
      base *= base;
    }
    return static_cast<int64_t>(power);
  }
};

template <class From, class To>
void convert(const void* from, void* to, int64_t n) {
  const From* x = static_cast<const From*>(from);
  To* y = static_cast<To*>(to);
  for (int64_t i = 0; i < n; ++i) y[i] = reduction::element<To>(reduction::Value<From>(x[i]));
}

/// From any number to double or int64; null where it is that.
template <class To>
ConvertLoop conversion_to(DType dtype) {
  ConvertLoop loop = nullptr;
  visit_dtype<float, Half, BFloat16, double, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t>(
      dtype, [&]<class From>() {
        if constexpr (!std::is_same_v<From, To>) loop = convert<From, To>;
      });
  return loop;
}

/// From double or int64 to the types that X may have.
template <class From>
ConvertLoop conversion_back(DType dtype) {
  ConvertLoop loop = nullptr;
  visit_dtype<float, Half, BFloat16, double, int64_t, int32_t>(dtype, [&]<class To>() {
    if constexpr (!std::is_same_v<From, To>) loop = convert<From, To>;
  });
  return loop;
}

template <class T>
BinaryKernel exact_kernel(const BinaryLoops& loops, DType x, DType y) {
  return {loops, conversion_to<T>(x), conversion_to<T>(y), conversion_back<T>(x), 4 * kCost};
}

bool is_narrow(DType dtype) {
  return is_float(dtype) && dtype != DType::F64;
}

BinaryKernel pow_kernel(DType x, DType y) {
  if (is_narrow(x) && is_narrow(y)) {
    return {binary_kernels().pow, widening(x), widening(y), narrowing(x), kCost};
  }
  if (is_int(x) && is_int(y)) return exact_kernel<int64_t>(TypedLoops<IntegerPower, int64_t>::all, x, y);
  return exact_kernel<double>(TypedLoops<RealPower, double>::all, x, y);
}

// x to a power known beforehand.
template <UnaryLoop UnaryKernels::*function>
void apply_unary(const void* x, const void*, void* y, int64_t n) {
  (unary_kernels().*function)(static_cast<const float*>(x), static_cast<float*>(y), n);
}

template <UnaryLoop UnaryKernels::*function>
constexpr BinaryLoops kUnary{apply_unary<function>, apply_unary<function>, apply_unary<function>};

/// The only element, where a float holds it exactly.
std::optional<float> single_exponent(const Tensor& y) {
  if (y.elements() != 1) return std::nullopt;
  double value = 0;
  if (const ConvertLoop convert = conversion_to<double>(y.dtype()); convert != nullptr) {
    convert(y.raw(), &value, 1);
  } else {
    value = *y.data<double>();
  }
  const float exponent = static_cast<float>(value);
  return static_cast<double>(exponent) == value ? std::optional(exponent) : std::nullopt;
}

/// Of floats, by the same loops for an exponent that is one number.
BinaryLoops float_power(std::optional<float> exponent) {
  if (exponent == 2.0f) return kUnary<&UnaryKernels::square>;
  if (exponent == 0.5f) return kUnary<&UnaryKernels::sqrt>;
  return binary_kernels().pow;
}

void run_power_block(const NoParams&, const ElementBlock& block) {
  const auto exponent = block.repeats(1) ? std::optional(*block.data<float>(1)) : std::nullopt;
  run_block(float_power(exponent), block);
}

std::string accepts_block(const void* params, std::span<const ValueType> inputs) {
  return takes_floats_in_blocks(params, inputs) + takes_floats_in_blocks(params, inputs.subspan(1));
}

void run_aligned(const Operands& io, const Shape& y_shape) {
  const DType x = io.in(0).dtype();
  const auto exponent = is_narrow(x) ? single_exponent(io.in(1)) : std::nullopt;
  if (!exponent) return run_binary(io, pow_kernel(x, io.in(1).dtype()), y_shape);
  const BinaryKernel kernel{float_power(exponent), widening(x), nullptr, narrowing(x), kCost};
  const BroadcastOperand y(&*exponent, y_shape, sizeof(float));
  run_binary(io.threads(), kernel, BroadcastOperand(io.in(0)), y, BroadcastOperand(io.out(0)));
}

void infer(const NoParams&, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), broadcast_inputs(ctx));
}

void run_cpu(const NoParams&, const Operands& io) {
  run_aligned(io, io.in(1).shape());
}

void infer_legacy(const LegacyBroadcast& op, InferContext& ctx) {
  infer_legacy_binary(op, ctx, ctx.dtype(0), nullptr);
}

void run_legacy(const LegacyBroadcast& op, const Operands& io) {
  run_aligned(io, op.aligned(io.in(0).shape(), io.in(1).shape()));
}

constexpr DTypeSet kBases = types::floats | types::index;

}  // namespace

MICA_OP(Pow, 7) {
  OpDef* def = op().input("X", kBases)
                   .input("Y", types::numeric)
                   .output("Z")
                   .infer<infer>()
                   .may_overwrite(0, 0)
                   .may_overwrite(0, 1)
                   .elementwise()
                   .cpu<run_cpu>();
  return with_blocks<NoParams, run_power_block>(def, accepts_block);
}

MICA_OP(Pow, 1) {
  return legacy_signature(types::floats).infer<infer_legacy>().cpu<run_legacy>();
}

}  // namespace mica
