// Tile, ai.onnx 6: repeats a tensor along every axis. Version 1 repeats it along one axis.
#include "kernels/op.h"
#include "kernels/shape/copies.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

StridedCopy tiles(const Shape& from, const Shape& to) {
  const auto strides = from.strides();
  const auto targets = to.strides();
  StridedCopy copy;
  for (size_t i = 0; i < from.rank(); ++i) {
    copy.add(from[i] > 0 ? to[i] / from[i] : 0, 0, from[i] * targets[i]);
    copy.add(from[i], strides[i], targets[i]);
  }
  return copy;
}

void set_tiled(InferContext& ctx, const Dims& repeats) {
  const Dims& from = *ctx.dims(0);
  if (repeats.size() != from.size()) {
    ctx.fail("repeats has " + std::to_string(repeats.size()) + " elements, the input is " + str(from));
  }
  Dims dims = from;
  for (size_t i = 0; i < dims.size(); ++i) dims[i] = dims[i] * repeats[i];
  const auto source = to_shape(from);
  const auto target = to_shape(dims);
  if (source && target && checked_elements(target->dims())) copy_contents(ctx, 0, tiles(*source, *target));
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void infer(const NoParams&, InferContext& ctx) {
  if (ctx.dims(0) == nullptr) return ctx.set(0, ctx.dtype(0));
  const auto repeats = dims_from_input(ctx, 1, "repeats");
  set_tiled(ctx, repeats ? *repeats : unknown_dims(ctx, ctx.dims(0)->size()));
}

// Version 1 has its integers in the element type of the data.
std::optional<int64_t> single_number(const InferContext& ctx, size_t input) {
  if (const auto integers = ctx.integers(input); integers && integers->size() == 1) return integers->front();
  const Tensor* tensor = ctx.constant(input);
  if (tensor == nullptr || tensor->elements() != 1) return std::nullopt;
  std::optional<int64_t> number;
  visit_dtype<float, double, Half, uint64_t>(tensor->dtype(), [&]<class T>() {
    const double value = static_cast<double>(*tensor->data<T>());
    if (value >= 0 && value < 1e15) number = static_cast<int64_t>(value);
  });
  if (!number) ctx.fail("tiles or axis is no number of repeats or axis");
  return number;
}

void infer_1(const NoParams&, InferContext& ctx) {
  if (ctx.dims(0) == nullptr) return ctx.set(0, ctx.dtype(0));
  const auto axis = single_number(ctx, 2);
  if (!axis) return ctx.set(0, ctx.dtype(0), unknown_dims(ctx, ctx.dims(0)->size()));
  const auto count = single_number(ctx, 1);
  if (count && *count < 0) ctx.fail("tiles is negative: " + std::to_string(*count));
  Dims repeats(ctx.dims(0)->size(), 1);
  repeats[ctx.axis(*axis, repeats.size())] = count ? Dim(*count) : ctx.unknown();
  set_tiled(ctx, repeats);
}

void run_cpu(const NoParams& op, const Operands& io) {
  tile_copy(&op, io).run(io, io.in(0), io.out(0));
}

}  // namespace

StridedCopy tile_copy(const void*, const Operands& io) {
  const Shape& from = io.in(0).shape();
  const Shape& to = io.out(0).shape();
  bool fits = from.rank() == to.rank();
  for (size_t i = 0; fits && i < from.rank(); ++i) fits = from[i] > 0 ? to[i] % from[i] == 0 : to[i] == 0;
  if (!fits) bad_input("cannot tile " + io.in(0).str() + " to " + to.str());
  return tiles(from, to);
}

MICA_OP(Tile, 6) {
  return op().input("input", types::any).input("repeats", types::int64).output("output").infer<infer>().cpu<run_cpu>();
}

MICA_OP(Tile, 1) {
  return op()
      .input("input", types::any)
      .input("tiles", types::any)
      .input("axis", types::any)
      .output("output")
      .infer<infer_1>()
      .cpu<run_cpu>();
}

}  // namespace mica
