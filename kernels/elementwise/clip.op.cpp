// Clip, ai.onnx 1: min(max(x, low), high). The bounds are attributes before version 11, then optional inputs of one
// element. NaN stays NaN.
#include "kernels/elementwise/clip.h"

#include <limits>

#include "kernels/activation/unary_simd.h"
#include "kernels/elementwise/binary.h"
#include "kernels/math/map.h"
#include "kernels/wide.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

template <class T>
struct Bounds {
  T low, high;
};

template <class T>
T bound(const Operands& io, size_t input, T otherwise) {
  if (!io.has(input)) return otherwise;
  const Tensor& tensor = io.in(input);
  if (tensor.elements() != 1) throw_error(ErrorCode::InvalidArgument, {"a bound is not a scalar but ", tensor});
  return *tensor.data<T>();
}

template <class T>
[[gnu::always_inline]] inline T clipped(T x, Bounds<T> bounds) {
  const T raised = x < bounds.low ? bounds.low : x;
  return bounds.high < raised ? bounds.high : raised;
}

// `bounds` gives low and high as elements of type T.
template <class GetBounds>
void run(const Operands& io, GetBounds&& bounds) {
  const Tensor& x = io.in(0);
  const bool known = visit_dtype<float, Half, BFloat16, double, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t,
                                 uint32_t, uint64_t>(x.dtype(), [&]<class T>() {
    const Bounds<T> given = bounds.template operator()<T>();
    if constexpr (std::is_integral_v<T>) {
      map_integers<T>(
          io.threads(), x, io.out(0), [given](T v) __attribute__((always_inline)) { return clipped(v, given); });
    } else {
      const Bounds<double> wide{Wide<T>(given.low), Wide<T>(given.high)};
      const auto low = static_cast<float>(wide.low), high = static_cast<float>(wide.high);
      const ParametricLoop clip = unary_kernels().clip;
      map_floats(
          io.threads(), x, io.out(0),
          [&](const float* from, float* to, int64_t, int64_t n) { clip(from, to, n, low, high); },
          [&](double v, int64_t) { return clipped(v, wide); });
    }
  });
  if (!known) throw_error(ErrorCode::InvalidArgument, {x, " does not hold numbers"});
}

void run_with_inputs(const NoParams&, const Operands& io) {
  run(io, [&]<class T>() -> Bounds<T> {
    if constexpr (std::is_integral_v<T>) {
      using Limits = std::numeric_limits<T>;
      return {bound<T>(io, 1, Limits::lowest()), bound<T>(io, 2, Limits::max())};
    } else {
      const T infinity(std::numeric_limits<Wide<T>>::infinity());
      return {bound<T>(io, 1, T(-infinity)), bound<T>(io, 2, infinity)};
    }
  });
}

void run_block(const ElementBlock& block, float low, float high) {
  unary_kernels().clip(block.data<float>(0), static_cast<float*>(block.y), block.n, low, high);
}

void run_block_with_inputs(const NoParams&, const ElementBlock& block) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float *low = block.data<float>(1), *high = block.data<float>(2);
  run_block(block, low != nullptr ? *low : -kInfinity, high != nullptr ? *high : kInfinity);
}

void run_block_with_attributes(const Clip& op, const ElementBlock& block) {
  run_block(block, op.min, op.max);
}

void run_with_attributes(const Clip& op, const Operands& io) {
  run(io, [&]<class T>() -> Bounds<T> {
    if constexpr (std::is_integral_v<T>) {
      bad_input("integers are clipped from version 12 on");
    } else {
      return {T(op.min), T(op.max)};
    }
  });
}

// The contents raised to (input 1) or lowered to (input 2) a bound, where it is given.
std::optional<Dims> bounded(const InferContext& ctx, std::optional<Dims> contents, size_t input) {
  if (!contents || !ctx.has(input)) return contents;
  const auto bound = ctx.contents(input);
  if (!bound || bound->size() != 1) return std::nullopt;
  for (Dim& element : *contents) element = input == 1 ? max(element, bound->front()) : min(element, bound->front());
  return contents;
}

void infer(const NoParams&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  for (const size_t input : {1, 2}) {
    same_dtype(ctx, 0, input);
    const Dims* dims = ctx.dims(input);
    if (dims != nullptr && product(*dims).constant().value_or(1) != 1) ctx.fail("a bound is not a scalar");
  }
  try {
    auto known = fitting(bounded(ctx, bounded(ctx, ctx.contents(0), 1), 2), ctx.dtype(0));
    if (known) ctx.set_contents(0, std::move(*known));
  } catch (const Error&) {
    return;  // an expression too large to follow
  }
}

}  // namespace

MICA_OP(Clip, 11) {
  OpDef* def = op().input("input", types::numeric)
                   .optional_input("min", types::numeric)
                   .optional_input("max", types::numeric)
                   .output("output")
                   .infer<infer>()
                   .may_overwrite(0, 0)
                   .elementwise()
                   .cpu<run_with_inputs>();
  return with_blocks<NoParams, run_block_with_inputs>(def, takes_floats_in_blocks);
}

MICA_OP(Clip, 1) {
  OpDef* def = op<Clip>()
                   .input("input", types::floats)
                   .output("output")
                   .attribute("min", &Clip::min)
                   .attribute("max", &Clip::max)
                   .ignored_attribute("consumed_inputs")
                   .infer(same_as())
                   .may_overwrite(0, 0)
                   .elementwise()
                   .cpu<run_with_attributes>();
  return with_blocks<Clip, run_block_with_attributes>(def, takes_floats_in_blocks);
}

}  // namespace mica
