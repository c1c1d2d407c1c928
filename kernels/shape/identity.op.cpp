// Identity, ai.onnx 1: the input itself, whatever it is.
#include "kernels/op.h"
#include "kernels/shape/copy.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  if (auto contents = ctx.contents(0)) ctx.set_contents(0, std::move(*contents));
}

void run_cpu(const NoParams& op, const Operands& io) {
  if (io.datum(0).is_tensor()) {
    copy_input(op, io);
  } else {
    io.set(0, io.datum(0));
  }
}

}  // namespace

MICA_OP(Identity, 1) {
  return op().input("input").output("output").infer<infer>().view(0, 0).cpu<run_cpu>();
}

}  // namespace mica
