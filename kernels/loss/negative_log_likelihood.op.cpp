// NegativeLogLikelihoodLoss, ai.onnx 12: the loss of log-probabilities, see kernels/loss/loss.h.
#include "kernels/loss/loss.h"

namespace mica {
namespace {

void run_cpu(const Loss& op, const Operands& io) {
  const LossLayout layout = loss_layout(op, io);
  visit_wide(io.in(0).dtype(), [&]<class T>() { compute_loss<T>(op, io, layout, widen<T>(io, io.in(0))); });
}

}  // namespace

MICA_OP(NegativeLogLikelihoodLoss, 12) {
  return op<Loss>()
      .input("input", types::floats)
      .input("target", types::index)
      .optional_input("weight", types::floats)
      .output("loss")
      .attribute("ignore_index", &Loss::ignore_index)
      .attribute("reduction", &Loss::reduction_name)
      .prepare<prepare_loss>()
      .infer<infer_loss>()
      .cpu<run_cpu>();
}

}  // namespace mica
