// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceLogSum, ReduceLogSumExp and
// ReduceSumSquare, ai.onnx 1. The axes are an attribute before version 18 (ReduceSum: 13) and an input since; without
// any, all are reduced, or with noop_with_empty_axes none.
#include "kernels/op.h"
#include "kernels/reduce/reduce_op.h"

namespace mica {
namespace {

struct Reduce {
  ReduceFunction function = ReduceFunction::Sum;
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

void run_cpu(const Reduce& op, const Operands& io) {
  reduce(io.threads(), axes_to_reduce(&op, io), op.function, io.in(0), io.out(0));
}

OpBuilder<Reduce> reduction(ReduceFunction function, Dim (*combine)(const Dim&, const Dim&) = nullptr) {
  return op(Reduce{.function = function, .combine = combine})
      .input("data", is_extreme(function) ? types::numeric | types::boolean : types::numeric)
      .output("reduced")
      .attribute("keepdims", &Reduce::keepdims)
      .infer<infer>()
      .cpu<run_cpu>();
}

OpDef* by_attribute(OpBuilder<Reduce> def) {
  return def.attribute("axes", &Reduce::axes);
}

OpDef* by_input(OpBuilder<Reduce> def) {
  return def.optional_input("axes", types::int64).attribute("noop_with_empty_axes", &Reduce::noop_with_empty_axes);
}

OpBuilder<Reduce> sum() {
  return reduction(ReduceFunction::Sum, [](const Dim& a, const Dim& b) { return a + b; });
}

OpBuilder<Reduce> prod() {
  return reduction(ReduceFunction::Prod, [](const Dim& a, const Dim& b) { return a * b; });
}

OpBuilder<Reduce> maximum() {
  return reduction(ReduceFunction::Max, max);
}

OpBuilder<Reduce> minimum() {
  return reduction(ReduceFunction::Min, min);
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
  return by_attribute(reduction(ReduceFunction::Mean));
}
MICA_OP(ReduceMean, 18) {
  return by_input(reduction(ReduceFunction::Mean));
}
MICA_OP(ReduceL1, 1) {
  return by_attribute(reduction(ReduceFunction::L1));
}
MICA_OP(ReduceL1, 18) {
  return by_input(reduction(ReduceFunction::L1));
}
MICA_OP(ReduceL2, 1) {
  return by_attribute(reduction(ReduceFunction::L2));
}
MICA_OP(ReduceL2, 18) {
  return by_input(reduction(ReduceFunction::L2));
}
MICA_OP(ReduceLogSum, 1) {
  return by_attribute(reduction(ReduceFunction::LogSum));
}
MICA_OP(ReduceLogSum, 18) {
  return by_input(reduction(ReduceFunction::LogSum));
}
MICA_OP(ReduceLogSumExp, 1) {
  return by_attribute(reduction(ReduceFunction::LogSumExp));
}
MICA_OP(ReduceLogSumExp, 18) {
  return by_input(reduction(ReduceFunction::LogSumExp));
}
MICA_OP(ReduceSumSquare, 1) {
  return by_attribute(reduction(ReduceFunction::SumSquare));
}
MICA_OP(ReduceSumSquare, 18) {
  return by_input(reduction(ReduceFunction::SumSquare));
}

}  // namespace mica
