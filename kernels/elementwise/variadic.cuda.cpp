// Max, Min, Sum and Mean of any number of tensors on CUDA devices, as chains.
#include "kernels/cuda/operand.h"
#include "kernels/elementwise/chain_operand.h"

namespace mica {
namespace {

using cuda::BinaryFunction;
using cuda::ChainCall;
using cuda::ChainStep;

void run(BinaryFunction function, bool mean, const DeviceOperands& io) {
  ChainCall call = chain_call(io);
  int8_t value = 0;  // of all inputs so far
  for (int i = 1; i < call.input_count; ++i) {
    ChainStep& step = call.steps[call.step_count];
    step.kind = ChainStep::Kind::Binary;
    step.binary = function;
    step.operands[0] = value;
    step.operands[1] = static_cast<int8_t>(i);
    value = static_cast<int8_t>(call.input_count + call.step_count++);
  }
  ChainStep& last = call.steps[call.step_count++];
  last.kind = mean ? ChainStep::Kind::Unary : ChainStep::Kind::Round;
  last.unary = cuda::UnaryFunction::Affine;
  last.operands[0] = value;
  last.alpha = 1 / static_cast<float>(call.input_count);
  last.result = number_of(io.out(0).dtype());
  launch_chain(call, io.stream());
}

std::string accepts(const void* params, std::span<const ValueType> inputs) {
  if (inputs.empty() || inputs.size() > ChainCall::kMostInputs) return "takes fewer inputs";
  return takes_only({DType::F32, DType::F16, DType::BF16})(params, inputs);
}

void add(DeviceKernelTable& table, std::string_view op_type, BinaryFunction function, bool mean = false) {
  table.add(op_type, DeviceKernelTable::kAllVersions,
            {"chain", [function, mean](const void*, const DeviceOperands& io) { run(function, mean, io); }, accepts});
}

}  // namespace

void cuda_kernels_variadic(DeviceKernelTable& table) {
  add(table, "Max", BinaryFunction::Max);
  add(table, "Min", BinaryFunction::Min);
  add(table, "Sum", BinaryFunction::Add);
  add(table, "Mean", BinaryFunction::Add, true);
}

}  // namespace mica
