// Loop, ai.onnx 1: runs the body while its iteration number is below M and its condition holds, whichever of the two
// are given. Body: (iteration, condition, carried...) -> (condition, carried..., scanned...).
#include "kernels/control/loop_types.h"
#include "kernels/control/scanned.h"
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

constexpr size_t kFirstCarried = 2;

void infer(const NoParams&, InferContext& ctx) {
  const ValueType before[] = {ValueType::tensor(DType::I64, Dims{}), ValueType::tensor(DType::Bool, Dims{})};
  std::vector<ValueType> carried;
  for (size_t i = kFirstCarried; i < ctx.inputs(); ++i) carried.push_back(ctx.type(i));
  const LoopTypes types = infer_loop(ctx, before, carried, {}, 1);
  for (size_t i = 0; i < types.carried.size(); ++i) ctx.set(i, types.carried[i]);
  const Dim iterations = ctx.unknown();
  for (size_t i = 0; i < types.scanned.size(); ++i) {
    ValueType type = types.scanned[i];
    if (type.dims) type.dims->insert(type.dims->begin(), iterations);
    ctx.set(types.carried.size() + i, std::move(type));
  }
}

bool condition_of(const Datum& value) {
  if (!value.is_tensor() || value.tensor.dtype() != DType::Bool || value.tensor.elements() != 1) {
    throw_error(ErrorCode::InvalidArgument, {"the condition must be one bool, not ", value});
  }
  return *value.tensor.data<bool>();
}

void run_cpu(const NoParams&, const Operands& io) {
  const bool counted = io.has(0);
  const int64_t limit = counted ? single_integer(io.in(0), "the trip count") : 0;
  bool go_on = io.has(1) ? condition_of(io.datum(1)) : true;
  std::vector<Datum> inputs(kFirstCarried);
  for (size_t i = kFirstCarried; i < io.inputs(); ++i) inputs.push_back(io.has(i) ? io.datum(i) : Datum::absent());
  const size_t carried = inputs.size() - kFirstCarried;
  if (io.outputs() < carried) bad_input("the loop has fewer outputs than values carried");
  Scanned scanned(io.outputs() - carried);
  for (int64_t i = 0; go_on && (!counted || i < limit); ++i) {
    inputs[0] = Tensor::scalar(i);
    inputs[1] = Tensor::scalar(go_on);
    std::vector<Datum> outputs = io.subgraphs().run(0, inputs);
    if (outputs.size() < 1 + io.outputs()) bad_input("the body has too few outputs");
    go_on = condition_of(outputs[0]);
    for (size_t k = 0; k < carried; ++k) inputs[kFirstCarried + k] = std::move(outputs[1 + k]);
    scanned.add(std::span(outputs).subspan(1 + carried));
  }
  for (size_t k = 0; k < carried; ++k) {
    if (io.wants(k)) io.set(k, owned(inputs[kFirstCarried + k]));
  }
  for (size_t k = 0; k < scanned.size(); ++k) {
    if (io.wants(carried + k)) io.set(carried + k, scanned.joined(io, k, 0, false, 1 + carried + k));
  }
}

}  // namespace

MICA_OP(Loop, 1) {
  return op()
      .optional_input("M", types::int64)
      .optional_input("cond", types::boolean)
      .variadic_input("v_initial", {}, 0)
      .variadic_output("v_final_and_scan_outputs", 0)
      .subgraph("body")
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
