// ElementwiseChain on CUDA devices: of floats up to 32 bits and truth values.
#include "kernels/elementwise/chain.h"

#include <algorithm>
#include <optional>

#include "kernels/activation/gelu.h"
#include "kernels/cuda/operand.h"
#include "kernels/elementwise/chain_operand.h"
#include "kernels/elementwise/clip.h"
#include "kernels/elementwise/element_functions.h"
#include "kernels/math/unary.h"

namespace mica {

cuda::ChainCall chain_call(const DeviceOperands& io) {
  cuda::ChainCall call;
  std::array<const Shape*, cuda::ChainCall::kMostInputs> shapes;
  const Shape one;
  shapes.fill(&one);
  for (size_t i = 0; i < io.inputs(); ++i) {
    const Tensor& x = io.in(i);
    call.inputs[i] = x.raw();
    call.numbers[i] = number_of(x.dtype());
    if (x.elements() != 1) shapes[i] = &x.shape();
  }
  call.input_count = static_cast<int>(io.inputs());
  call.y = io.out(0).mutable_raw();
  call.walk = broadcast_walk<cuda::ChainCall::kMostInputs>(io.out(0).shape(), shapes);
  return call;
}

namespace {

using cuda::ChainCall;
using cuda::ChainStep;
using cuda::UnaryFunction;
using Kind = ChainStep::Kind;

constexpr DTypeSet kTypes = DTypeSet{DType::F32, DType::F16, DType::BF16, DType::Bool};
constexpr std::string_view kContrib = "com.microsoft";

template <class Table>
auto find(const Table& table, std::string_view op_type) -> decltype(std::optional(std::begin(table)->function)) {
  const auto row = std::ranges::find(table, op_type, [](const auto& named) { return named.op_type; });
  return row == std::end(table) ? std::nullopt : std::optional(row->function);
}

bool set_unary(ChainStep& step, std::optional<UnaryFunction> function) {
  step.unary = function.value_or(UnaryFunction::Identity);
  return function.has_value();
}

bool set_parametric(ChainStep& step, std::optional<UnaryFunction> function, const Params& params) {
  if (!set_unary(step, function)) return false;
  const auto& op = *static_cast<const Parametric*>(params.get());
  step.alpha = op.alpha;
  step.beta = op.beta;
  return true;
}

bool set_clip(ChainStep& step, const Params& params) {
  const auto& op = *static_cast<const Clip*>(params.get());
  step.alpha = op.min;
  step.beta = op.max;
  return set_unary(step, UnaryFunction::Clip);
}

// What the operator is on the device; false when it is nothing there.
bool set_function(ChainStep& step, const ElementProgram::Step& named, const Params& params) {
  const std::string_view op = named.op_type;
  if (named.domain == kContrib) {
    if (op == "QuickGelu") return set_parametric(step, UnaryFunction::Swish, params);
    return op == "Gelu" && set_unary(step, UnaryFunction::Gelu);
  }
  if (!named.domain.empty()) return false;
  if (op == "Gelu") {
    const bool exact = static_cast<const Gelu*>(params.get())->approximate == "none";
    return set_unary(step, exact ? UnaryFunction::Gelu : UnaryFunction::GeluTanh);
  }
  if (op == "Not") return set_unary(step, UnaryFunction::Not);
  if (set_unary(step, find(cuda::kOfFloats, op)) || set_unary(step, find(cuda::kOfNumbers, op))) return true;
  if (set_parametric(step, find(cuda::kParametric, op), params)) return true;
  if (const auto function = find(cuda::kBinary, op)) {
    step.kind = Kind::Binary;
    step.binary = *function;
    return true;
  }
  if (op == "Clip" && named.opset < 11) return set_clip(step, params);
  step.kind = op == "Where" ? Kind::Where : op == "Cast" ? Kind::Round : Kind::Clip;
  return op == "Where" || op == "Cast" || op == "Clip";
}

std::optional<ChainStep> device_step(const ElementProgram::Step& named, const ElementwiseChain::Member& member) {
  ChainStep step;
  if (!kTypes.contains(member.result) || !set_function(step, named, member.params)) return std::nullopt;
  step.result = number_of(member.result);
  for (size_t i = 0; i < 3; ++i) {
    step.operands[i] = static_cast<int8_t>(i < member.count ? member.operands[i] : ElementProgram::kAbsent);
  }
  return step;
}

std::string accepts(const void* params, std::span<const ValueType>) {
  const auto& chain = *static_cast<const ElementwiseChain*>(params);
  if (chain.parsed.inputs.size() > ChainCall::kMostInputs) return "takes fewer inputs";
  for (const DType dtype : chain.parsed.inputs) {
    if (!kTypes.contains(dtype)) return "takes " + kTypes.str();
  }
  for (size_t i = 0; i < chain.members.size(); ++i) {
    const ElementProgram::Step& named = chain.parsed.steps[i];
    if (!device_step(named, chain.members[i])) return "does not compute " + named.op_type;
  }
  return "";
}

void run(const ElementwiseChain& chain, const DeviceOperands& io) {
  static_assert(ChainCall::kMostSteps == ElementProgram::kMaxSteps);
  ChainCall call = chain_call(io);
  for (size_t i = 0; i < chain.members.size(); ++i) {
    call.steps[call.step_count++] = *device_step(chain.parsed.steps[i], chain.members[i]);
  }
  launch_chain(call, io.stream());
}

}  // namespace

void cuda_kernels_chain(DeviceKernelTable& table) {
  table.add(ElementProgram::kOperator, 1, device_kernel<ElementwiseChain>("elements", run, accepts), "mica");
}

}  // namespace mica
