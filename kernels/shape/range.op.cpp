// Range, ai.onnx 11: start, start + delta, ... before limit. Narrow floats are computed in float.
#include <cmath>

#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

struct RangeOp {
  int64_t stash_type = 1;
};

template <class T>
double number(const Tensor& tensor) {
  return static_cast<double>(*tensor.data<T>());
}

// max(ceil((limit - start) / delta), 0) of float tensors
Dim float_count(const InferContext& ctx, const Tensor& start, const Tensor& limit, const Tensor& delta) {
  double count = 0;
  visit_dtype<float, double, Half, BFloat16>(start.dtype(), [&]<class T>() {
    using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const Wide span = static_cast<Wide>(*limit.data<T>()) - static_cast<Wide>(*start.data<T>());
    count = std::ceil(static_cast<double>(span) / number<T>(delta));
  });
  if (!(count < 1e15)) ctx.fail("the range has no end: delta is " + std::to_string(count));
  return count > 0 ? static_cast<int64_t>(count) : 0;
}

void infer_integers(InferContext& ctx) {
  const auto start = ctx.contents(0);
  const auto limit = ctx.contents(1);
  const auto delta = ctx.contents(2);
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1) {
    return ctx.set(0, ctx.dtype(0), Dims{ctx.unknown()});
  }
  const Dim& step = delta->front();
  if (step.is(0)) ctx.fail("delta is 0");
  if (!step.is_constant()) return ctx.set(0, ctx.dtype(0), Dims{ctx.unknown()});
  const Dim count = max(ceil_div(limit->front() - start->front(), step), 0);
  if (count.is_constant() && count.value() <= static_cast<int64_t>(InferContext::kMaxContents)) {
    Dims contents;
    for (int64_t i = 0; i < count.value(); ++i) contents.push_back(start->front() + step * Dim(i));
    ctx.set_contents(0, std::move(contents));
  }
  ctx.set(0, ctx.dtype(0), Dims{count});
}

void infer(const RangeOp&, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  for (size_t i = 0; i < 3; ++i) {
    const Dims* dims = ctx.dims(i);
    const auto count = dims != nullptr ? product(*dims).constant() : std::nullopt;
    if (count && *count != 1) ctx.fail("start, limit and delta must be scalars, not " + str(*dims));
  }
  if (!is_float(ctx.dtype(0))) return infer_integers(ctx);
  const Tensor* start = ctx.constant(0);
  const Tensor* limit = ctx.constant(1);
  const Tensor* delta = ctx.constant(2);
  const bool known = start != nullptr && limit != nullptr && delta != nullptr;
  ctx.set(0, ctx.dtype(0), Dims{known ? float_count(ctx, *start, *limit, *delta) : ctx.unknown()});
}

void run_cpu(const RangeOp&, const Operands& io) {
  if (io.in(0).elements() != 1 || io.in(2).elements() != 1) bad_input("start and delta must be scalars");
  Tensor& y = io.out(0);
  const int64_t count = y.elements();
  visit_dtype<float, double, Half, BFloat16>(y.dtype(), [&]<class T>() {
    using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const Wide start = static_cast<Wide>(*io.in(0).data<T>());
    const Wide delta = static_cast<Wide>(*io.in(2).data<T>());
    for (int64_t i = 0; i < count; ++i) y.mutable_data<T>()[i] = T(start + static_cast<Wide>(i) * delta);
  });
  visit_dtype<int16_t, int32_t, int64_t>(y.dtype(), [&]<class T>() {
    const auto start = static_cast<uint64_t>(*io.in(0).data<T>());
    const auto delta = static_cast<uint64_t>(*io.in(2).data<T>());
    for (int64_t i = 0; i < count; ++i) {
      y.mutable_data<T>()[i] = static_cast<T>(start + static_cast<uint64_t>(i) * delta);
    }
  });
}

OpBuilder<RangeOp> range() {
  constexpr DTypeSet kTypes = types::floats | types::index | DTypeSet{DType::I16};
  return op<RangeOp>()
      .input("start", kTypes)
      .input("limit", kTypes)
      .input("delta", kTypes)
      .output("output")
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(Range, 27) {
  return range().attribute("stash_type", &RangeOp::stash_type);
}

MICA_OP(Range, 11) {
  return range();
}

}  // namespace mica
