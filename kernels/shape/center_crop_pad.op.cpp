// CenterCropPad, ai.onnx 18: crops or pads with zeros, both around the centre, to the given sizes of some axes.
#include <algorithm>

#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/shape_input.h"
#include "kernels/shape/strided_copy.h"

namespace mica {
namespace {

struct CenterCropPad {
  std::optional<std::vector<int64_t>> axes;
};

void infer(const CenterCropPad& op, InferContext& ctx) {
  const Dims* from = ctx.dims(0);
  if (from == nullptr) return ctx.set(0, ctx.dtype(0));
  Dims dims = *from;
  std::vector<int64_t> all;
  for (size_t i = 0; i < dims.size(); ++i) all.push_back(static_cast<int64_t>(i));
  const auto axes = distinct_axes(ctx, op.axes.value_or(all), dims.size());
  const auto sizes = dims_from_input(ctx, 1, "the shape");
  if (sizes && sizes->size() != axes.size()) {
    ctx.fail("the shape has " + std::to_string(sizes->size()) + " sizes for " + std::to_string(axes.size()) + " axes");
  }
  for (size_t i = 0; i < axes.size(); ++i) dims[axes[i]] = sizes ? (*sizes)[i] : ctx.unknown();
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void run_cpu(const CenterCropPad&, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const Shape& from = x.shape();
  const Shape& to = y.shape();
  if (from.rank() != to.rank()) bad_input("cannot crop or pad " + x.str() + " to " + y.str());
  const auto strides = from.strides();
  const auto targets = to.strides();
  int64_t source = 0;
  int64_t target = 0;
  for (size_t i = 0; i < from.rank(); ++i) {
    source += std::max<int64_t>(0, from[i] - to[i]) / 2 * strides[i];
    target += std::max<int64_t>(0, to[i] - from[i]) / 2 * targets[i];
  }
  StridedCopy copy(source, target);
  for (size_t i = 0; i < from.rank(); ++i) copy.add(std::min(from[i], to[i]), strides[i], targets[i]);
  void* staged = stage(io, y);
  moves_of(y.dtype()).clear(y.elements(), staged);
  copy.run(io.threads(), x.dtype(), load(io, x), staged);
  store(staged, y);
}

}  // namespace

MICA_OP(CenterCropPad, 18) {
  return op<CenterCropPad>()
      .input("input_data", types::any)
      .input("shape", types::index)
      .output("output_data")
      .attribute("axes", &CenterCropPad::axes)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
