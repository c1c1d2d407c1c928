// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceLogSum, ReduceLogSumExp and
// ReduceSumSquare, ai.onnx 1. The axes are an attribute before version 18 (ReduceSum: 13) and an input since; without
// any, all are reduced, or with noop_with_empty_axes none.
#include <numeric>

#include "kernels/op.h"
#include "kernels/reduce/functions.h"
#include "kernels/reduce/reduce_op.h"

namespace mica {
namespace {

struct Reduce {
  std::vector<int64_t> axes = {};
  bool keepdims = true;
  bool noop_with_empty_axes = false;
  Dim (*combine)(const Dim&, const Dim&) = nullptr;  ///< on elements that are expressions; null: not followed
};

uint32_t all_axes(size_t rank) {
  return (uint32_t{1} << rank) - 1;
}

// Bits of the axes that are reduced.
uint32_t reduced_axes(const Reduce& op, std::span<const int64_t> axes, size_t rank) {
  if (axes.empty()) return op.noop_with_empty_axes ? 0 : all_axes(rank);
  uint32_t bits = 0;
  for (const int64_t axis : axes) bits |= uint32_t{1} << normalize_axis(axis, rank);
  return bits;
}

// Known elements, reduced to one.
void infer_contents(const Reduce& op, InferContext& ctx) {
  const auto contents = ctx.contents(0);
  if (!contents || contents->empty() || op.combine == nullptr) return;
  Dim result = contents->front();
  for (size_t i = 1; i < contents->size(); ++i) result = op.combine(result, (*contents)[i]);
  ctx.set_contents(0, {result});
}

void infer(const Reduce& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  std::optional<std::vector<int64_t>> axes = op.axes;
  if (ctx.has(1)) {
    axes = ctx.integers(1);
    const Dims* length = ctx.dims(1);
    if (length != nullptr && length->size() == 1 && (*length)[0].is(0)) axes.emplace();
  }
  if (!axes) {
    if (!op.keepdims) return ctx.set(0, ctx.dtype(0));
    Dims unknown;
    for (size_t i = 0; i < dims->size(); ++i) unknown.push_back((*dims)[i].is(1) ? Dim(1) : ctx.unknown());
    return ctx.set(0, ctx.dtype(0), std::move(unknown));
  }
  for (const int64_t axis : *axes) ctx.axis(axis, dims->size());
  const uint32_t reduced = reduced_axes(op, *axes, dims->size());
  Dims result;
  for (size_t i = 0; i < dims->size(); ++i) {
    if ((reduced >> i & 1) == 0) {
      result.push_back((*dims)[i]);
    } else if (op.keepdims) {
      result.push_back(1);
    }
  }
  ctx.set(0, ctx.dtype(0), std::move(result));
  if (reduced == all_axes(dims->size())) infer_contents(op, ctx);
}

template <class R, class T>
constexpr bool has_vector_loop = (std::is_same_v<T, float> || std::is_same_v<T, Half> ||
                                  std::is_same_v<T, BFloat16>)&&requires {
  R::template kVectorLoop<Stored<T>>;
};

template <template <class> class R>
void run_cpu(const Reduce& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const ReductionAxes groups = axes_to_reduce(&op, io);
  const auto apply = [&]<class T>() {
    if constexpr (has_vector_loop<R<T>, T>) {
      const auto& loop = loops_of<T>(reduce_kernels()).*R<T>::template kVectorLoop<Stored<T>>;
      reduce<R<T>>(io.threads(), groups, loop, x.data<T>(), y.mutable_data<T>());
    } else {
      reduce<R<T>>(io.threads(), groups, x.data<T>(), y.mutable_data<T>());
    }
  };
  const bool known = visit_dtype<float, double, Half, BFloat16, int32_t, int64_t, uint32_t, uint64_t, int8_t, uint8_t,
                                 int16_t, uint16_t>(x.dtype(), apply);
  if (known) return;
  if constexpr (std::is_base_of_v<reduction::Extreme<bool, 1>, R<bool>> ||
                std::is_base_of_v<reduction::Extreme<bool, -1>, R<bool>>) {
    if (x.dtype() == DType::Bool) return apply.template operator()<bool>();
  }
  bad_input("cannot reduce " + x.str());
}

template <template <class> class R>
OpBuilder<Reduce> reduce_of(const Reduce& prototype = {}, DTypeSet types = types::numeric) {
  return op(prototype)
      .input("data", types)
      .output("reduced")
      .attribute("keepdims", &Reduce::keepdims)
      .infer<infer>()
      .template cpu<run_cpu<R>>();
}

OpDef by_attribute(OpBuilder<Reduce> def) {
  return def.attribute("axes", &Reduce::axes);
}

OpDef by_input(OpBuilder<Reduce> def) {
  return def.optional_input("axes", types::int64).attribute("noop_with_empty_axes", &Reduce::noop_with_empty_axes);
}

OpBuilder<Reduce> sum() {
  return reduce_of<reduction::Sum>({.combine = [](const Dim& a, const Dim& b) { return a + b; }});
}

OpBuilder<Reduce> prod() {
  return reduce_of<reduction::Prod>({.combine = [](const Dim& a, const Dim& b) { return a * b; }});
}

OpBuilder<Reduce> maximum() {
  return reduce_of<reduction::Max>({.combine = max}, types::numeric | types::boolean);
}

OpBuilder<Reduce> minimum() {
  return reduce_of<reduction::Min>({.combine = min}, types::numeric | types::boolean);
}

}  // namespace

ReductionAxes axes_to_reduce(const void* params, const Operands& io) {
  const auto& op = *static_cast<const Reduce*>(params);
  const Shape& shape = io.in(0).shape();
  std::span<const int64_t> axes = op.axes;
  if (io.has(1)) axes = io.in(1).as<int64_t>();
  const ReductionAxes groups = reduction_axes(shape, reduced_axes(op, axes, shape.rank()));
  const Tensor& y = io.out(0);
  if (groups.outputs() != y.elements()) bad_input("axes do not give the output's dims " + y.shape().str());
  return groups;
}

MICA_OP(ReduceSum, 1) {
  return by_attribute(sum());
}
MICA_OP(ReduceSum, 13) {
  return by_input(sum());
}
MICA_OP(ReduceProd, 1) {
  return by_attribute(prod());
}
MICA_OP(ReduceProd, 18) {
  return by_input(prod());
}
MICA_OP(ReduceMax, 1) {
  return by_attribute(maximum());
}
MICA_OP(ReduceMax, 18) {
  return by_input(maximum());
}
MICA_OP(ReduceMin, 1) {
  return by_attribute(minimum());
}
MICA_OP(ReduceMin, 18) {
  return by_input(minimum());
}
MICA_OP(ReduceMean, 1) {
  return by_attribute(reduce_of<reduction::Mean>());
}
MICA_OP(ReduceMean, 18) {
  return by_input(reduce_of<reduction::Mean>());
}
MICA_OP(ReduceL1, 1) {
  return by_attribute(reduce_of<reduction::L1>());
}
MICA_OP(ReduceL1, 18) {
  return by_input(reduce_of<reduction::L1>());
}
MICA_OP(ReduceL2, 1) {
  return by_attribute(reduce_of<reduction::L2>());
}
MICA_OP(ReduceL2, 18) {
  return by_input(reduce_of<reduction::L2>());
}
MICA_OP(ReduceLogSum, 1) {
  return by_attribute(reduce_of<reduction::LogSum>());
}
MICA_OP(ReduceLogSum, 18) {
  return by_input(reduce_of<reduction::LogSum>());
}
MICA_OP(ReduceLogSumExp, 1) {
  return by_attribute(reduce_of<reduction::LogSumExp>());
}
MICA_OP(ReduceLogSumExp, 18) {
  return by_input(reduce_of<reduction::LogSumExp>());
}
MICA_OP(ReduceSumSquare, 1) {
  return by_attribute(reduce_of<reduction::SumSquare>());
}
MICA_OP(ReduceSumSquare, 18) {
  return by_input(reduce_of<reduction::SumSquare>());
}

}  // namespace mica
