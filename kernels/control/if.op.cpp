// If, ai.onnx 1: runs one of two subgraphs and gives its outputs.
#include "kernels/op.h"
#include "kernels/sequence/values.h"

namespace mica {
namespace {

enum Branch : size_t { kThen, kElse };

void set_all(InferContext& ctx, const std::vector<ValueType>& types) {
  if (types.size() < ctx.outputs()) {
    ctx.fail("a branch has " + std::to_string(types.size()) + " outputs, the node " + std::to_string(ctx.outputs()));
  }
  for (size_t i = 0; i < ctx.outputs(); ++i) ctx.set(i, types[i]);
}

void infer(const NoParams&, InferContext& ctx) {
  auto then = ctx.infer_subgraph(kThen, {});
  const auto otherwise = ctx.infer_subgraph(kElse, {});
  if (then.empty() || otherwise.empty()) return;
  if (const auto condition = ctx.integers(0); condition && condition->size() == 1) {
    return set_all(ctx, condition->front() != 0 ? then : otherwise);
  }
  if (then.size() != otherwise.size()) {
    ctx.fail("the branches have " + std::to_string(then.size()) + " and " + std::to_string(otherwise.size()) +
             " outputs");
  }
  for (size_t i = 0; i < then.size(); ++i) then[i] = join_types(ctx, then[i], otherwise[i]);
  set_all(ctx, then);
}

void run_cpu(const NoParams&, const Operands& io) {
  if (io.in(0).elements() != 1) bad_input("the condition must be one bool, not " + io.in(0).str());
  const auto results = io.subgraphs().run(*io.in(0).data<bool>() ? kThen : kElse, {});
  if (results.size() < io.outputs()) bad_input("the branch has too few outputs");
  for (size_t i = 0; i < io.outputs(); ++i) {
    if (io.wants(i)) io.set(i, owned(results[i]));
  }
}

}  // namespace

MICA_OP(If, 1) {
  return op()
      .input("cond", types::boolean)
      .variadic_output("outputs")
      .subgraph("then_branch")
      .subgraph("else_branch")
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
