// ScatterND, ai.onnx 11: a copy of `data` in which the slice that row i of `indices` names becomes slice i of
// `updates`; from version 16 on the two may be added, multiplied or compared instead.
#include "kernels/gather/indices.h"
#include "kernels/gather/scatter.h"
#include "kernels/op.h"

namespace mica {
namespace {

void infer(const Scatter&, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  const Dims* data = ctx.dims(0);
  const Dims* indices = ctx.dims(1);
  ctx.set(0, ctx.type(0));
  if (data == nullptr || indices == nullptr) return;
  if (indices->empty()) ctx.fail("indices must have at least one axis");
  const auto depth = indices->back().constant();
  if (!depth) return;
  if (*depth < 0 || *depth > static_cast<int64_t>(data->size())) {
    ctx.fail("indices " + str(*indices) + " name more axes than data " + str(*data) + " has");
  }
  const Dims* updates = ctx.dims(2);
  if (updates == nullptr) return;
  Dims wanted(indices->begin(), indices->end() - 1);
  wanted.insert(wanted.end(), data->begin() + static_cast<ptrdiff_t>(*depth), data->end());
  if (wanted.size() != updates->size()) {
    ctx.fail("updates must be " + str(wanted) + " for these indices and data, not " + str(*updates));
  }
  for (size_t i = 0; i < wanted.size(); ++i) ctx.merge(wanted[i], (*updates)[i], "dims of updates");
}

void run_cpu(const Scatter& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const Tensor& indices = io.in(1);
  check_integers(indices, indices.elements(), "indices");
  const Shape& by = indices.shape();
  if (by.rank() == 0 || by.back() > static_cast<int64_t>(shape.rank())) {
    bad_input("indices " + indices.str() + " do not fit data " + io.in(0).str());
  }
  const size_t depth = static_cast<size_t>(by.back());
  const auto strides = shape.strides();
  const int64_t* offsets = row_offsets(io, indices, shape.dims().first(depth), std::span(strides).first(depth));
  scatter_blocks(io, op.reduction, offsets, by.elements(0, by.rank() - 1), shape.elements(depth, shape.rank()));
}

OpBuilder<Scatter> scatter_nd() {
  return op<Scatter>()
      .input("data", types::any)
      .input("indices", types::int64)
      .input("updates", types::any)
      .output("output")
      .prepare<prepare_scatter>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(ScatterND, 16) {
  return scatter_nd().attribute("reduction", &Scatter::reduction_name);
}

MICA_OP(ScatterND, 11) {
  return scatter_nd();
}

}  // namespace mica
