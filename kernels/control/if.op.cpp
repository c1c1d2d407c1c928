// If, ai.onnx 1: runs one of two subgraphs and gives its outputs.
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Branch : size_t { kThen, kElse };

void set_all(InferContext& ctx, const std::vector<ValueType>& types) {
  if (!types.empty() && types.size() < ctx.outputs()) {
    throw_error(ErrorCode::InvalidModel, {"a branch has ", types.size(), " outputs, the node ", ctx.outputs()});
  }
  for (size_t i = 0; i < ctx.outputs() && i < types.size(); ++i) ctx.set(i, types[i]);
}

// Exporters write branches for cases that the inputs at hand rule out. Such a branch contradicts itself and cannot be
// run, so that only the other one tells the outputs; nullopt for it.
std::optional<std::vector<ValueType>> infer_branch(const InferContext& ctx, Branch branch) {
  try {
    return ctx.infer_subgraph(branch, {});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidModel) throw;
    return std::nullopt;
  }
}

void infer(const NoParams&, InferContext& ctx) {
  if (const auto condition = ctx.integers(0); condition && condition->size() == 1) {
    return set_all(ctx, ctx.infer_subgraph(condition->front() != 0 ? kThen : kElse, {}));
  }
  auto then = infer_branch(ctx, kThen);
  if (!then) return set_all(ctx, ctx.infer_subgraph(kElse, {}));
  const auto otherwise = infer_branch(ctx, kElse);
  if (!otherwise) return set_all(ctx, *then);
  if (then->empty() || otherwise->empty()) return;
  if (then->size() != otherwise->size()) {
    throw_error(ErrorCode::InvalidModel, {"the branches have ", then->size(), " and ", otherwise->size(), " outputs"});
  }
  for (size_t i = 0; i < then->size(); ++i) (*then)[i] = join_types(ctx, (*then)[i], (*otherwise)[i]);
  set_all(ctx, *then);
}

void run_cpu(const NoParams&, const Operands& io) {
  if (io.in(0).elements() != 1)
    throw_error(ErrorCode::InvalidArgument, {"the condition must be one bool, not ", io.in(0)});
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
