// ScatterElements, ai.onnx 11 (Scatter, ai.onnx 9, until then): a copy of `data` in which
//   output[indices[i, j, k], j, k] = updates[i, j, k]   for axis 0, and so on for other axes;
// from version 16 on the two may be added, multiplied or compared instead.
#include "kernels/gather/along_axis.h"
#include "kernels/gather/scatter.h"
#include "kernels/op.h"

namespace mica {
namespace {

void infer(const Scatter& op, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  const Dims* data = ctx.dims(0);
  const Dims* indices = ctx.dims(1);
  const Dims* updates = ctx.dims(2);
  if (data != nullptr && indices != nullptr) check_along_axis(ctx, op.axis, *data, *indices);
  if (indices != nullptr && updates != nullptr) {
    if (indices->size() != updates->size()) {
      ctx.fail("indices " + str(*indices) + " and updates " + str(*updates) + " have different ranks");
    }
    for (size_t i = 0; i < indices->size(); ++i) ctx.merge((*indices)[i], (*updates)[i], "dims of indices and updates");
  }
  ctx.set(0, ctx.type(0));
}

void run_cpu(const Scatter& op, const Operands& io) {
  const int64_t* offsets = offsets_along_axis(io, op.axis, io.in(0), io.in(1));
  scatter_blocks(io, op.reduction, offsets, io.in(1).elements(), 1);
}

OpBuilder<Scatter> scatter() {
  return op<Scatter>()
      .input("data", types::any)
      .input("indices", types::index)
      .input("updates", types::any)
      .output("output")
      .attribute("axis", &Scatter::axis)
      .prepare<prepare_scatter>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(ScatterElements, 16) {
  return scatter().attribute("reduction", &Scatter::reduction_name);
}

MICA_OP(ScatterElements, 11) {
  return scatter();
}

MICA_OP(Scatter, 9) {
  return scatter();
}

}  // namespace mica
