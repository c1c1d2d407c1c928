// Size, ai.onnx 1: the number of elements of a tensor.
#include "kernels/op.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  ctx.set(0, DType::I64, Dims{});
  if (const Dims* dims = ctx.dims(0)) ctx.set_contents(0, {product(*dims)});
}

void run_cpu(const NoParams&, const Operands& io) {
  *io.out(0).mutable_data<int64_t>() = io.in(0).elements();
}

}  // namespace

MICA_OP(Size, 1) {
  return op().input("data", types::any).output("size").infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
