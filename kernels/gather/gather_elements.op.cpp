// GatherElements, ai.onnx 11: output[i, j, k] = data[indices[i, j, k], j, k] for axis 0, and so on for other axes.
#include "kernels/gather/along_axis.h"
#include "kernels/gather/gather.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void infer(const Gather& op, InferContext& ctx) {
  const Dims* data = ctx.dims(0);
  const Dims* indices = ctx.dims(1);
  if (data != nullptr && indices != nullptr) check_along_axis(ctx, op.axis, *data, *indices);
  ctx.set(0, ctx.dtype(0), ctx.type(1).dims);
}

void run_cpu(const Gather& op, const Operands& io) {
  const Tensor& data = io.in(0);
  Tensor& y = io.out(0);
  const int64_t* offsets = offsets_along_axis(io, op.axis, data, io.in(1));
  if (y.shape() != io.in(1).shape()) bad_input("indices " + io.in(1).str() + " do not fit " + y.str());
  void* to = stage(io, y);
  moves_of(data.dtype()).gather(load(io, data), offsets, y.elements(), 1, to);
  store(to, y);
}

}  // namespace

MICA_OP(GatherElements, 11) {
  return op<Gather>()
      .input("data", types::any)
      .input("indices", types::index)
      .output("output")
      .attribute("axis", &Gather::axis)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
