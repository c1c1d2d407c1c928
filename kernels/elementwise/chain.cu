// A chain of functions of one element each, as a program that every thread goes through: what lies between reading and
// writing memory is little beside it.
#include "kernels/elementwise/chain_cuda.h"
#include "kernels/elementwise/element_functions.cuh"

namespace mica::cuda {
namespace {

__device__ float load(const void* data, Number number, int64_t i) {
  return number == Number::Bool ? static_cast<float>(static_cast<const uint8_t*>(data)[i] != 0)
                                : load_float(data, number, i);
}

__device__ void store(void* data, Number number, int64_t i, float value) {
  if (number == Number::Bool) {
    static_cast<uint8_t*>(data)[i] = value != 0;
  } else {
    store_float(data, number, i, value);
  }
}

__device__ float round_to(Number number, float value) {
  switch (number) {
    case Number::Bool:
      return value != 0;
    case Number::F16:
      return widen(narrow<__half>(value));
    case Number::BF16:
      return widen(narrow<__nv_bfloat16>(value));
    default:
      return value;
  }
}

__device__ float apply(const ChainStep& step, const float* values) {
  const float a = values[step.operands[0]];
  switch (step.kind) {
    case ChainStep::Kind::Unary:
      return step.unary == UnaryFunction::Not ? a == 0 : apply(step.unary, a, step.alpha, step.beta);
    case ChainStep::Kind::Binary: {
      const float b = values[step.operands[1]];
      return is_test(step.binary) ? test(step.binary, a, b) : apply(step.binary, a, b);
    }
    case ChainStep::Kind::Where:
      return values[step.operands[a != 0 ? 1 : 2]];
    case ChainStep::Kind::Clip: {
      const float raised = step.operands[1] >= 0 && a < values[step.operands[1]] ? values[step.operands[1]] : a;
      return step.operands[2] >= 0 && values[step.operands[2]] < raised ? values[step.operands[2]] : raised;
    }
    default:
      return round_to(step.result, a);
  }
}

__global__ void chain_kernel(ChainCall call) {
  float values[ChainCall::kMostInputs + ChainCall::kMostSteps];
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    int value = 0;
    for (; value < call.input_count; ++value)
      values[value] = load(call.inputs[value], call.numbers[value], at.of[value]);
    for (int step = 0; step < call.step_count; ++step) values[value++] = apply(call.steps[step], values);
    store(call.y, call.steps[call.step_count - 1].result, i, values[value - 1]);
  }
}

}  // namespace

void launch_chain(const ChainCall& call, void* stream) {
  if (call.walk.elements == 0) return;
  launch(chain_kernel, over_elements(call.walk.elements), stream, call);
}

}  // namespace mica::cuda
