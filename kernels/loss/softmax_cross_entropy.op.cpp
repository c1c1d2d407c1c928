// SoftmaxCrossEntropyLoss, ai.onnx 12: the loss of log(softmax(scores)), see kernels/loss/loss.h. Output 1 is these
// log-probabilities.
#include "kernels/loss/loss.h"
#include "kernels/softmax/softmax.h"

namespace mica {
namespace {

void infer(const Loss& op, InferContext& ctx) {
  infer_loss(op, ctx);
  if (ctx.outputs() > 1) ctx.set(1, ctx.type(0));
}

void run_cpu(const Loss& op, const Operands& io) {
  const LossLayout layout = loss_layout(op, io);
  visit_wide(io.in(0).dtype(), [&]<class T>() {
    std::optional<WideOutput<T>> output;
    T* log_prob = io.wants(1) ? output.emplace(io, io.out(1)).data() : io.scratch<T>(io.in(0).elements());
    softmax_along<SoftmaxKind::Log>(io.threads(), widen<T>(io, io.in(0)), log_prob, layout.batch, layout.classes,
                                    layout.places);
    compute_loss<T>(op, io, layout, log_prob);
    if (output) output->store();
  });
}

}  // namespace

MICA_OP(SoftmaxCrossEntropyLoss, 12) {
  return op<Loss>()
      .input("scores", types::floats)
      .input("labels", types::index)
      .optional_input("weights", types::floats)
      .output("output")
      .optional_output("log_prob")
      .attribute("ignore_index", &Loss::ignore_index)
      .attribute("reduction", &Loss::reduction_name)
      .prepare<prepare_loss>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
