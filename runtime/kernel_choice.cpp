#include "runtime/kernel_choice.h"

#include "kernels/provider.h"

namespace mica {
namespace {

std::vector<ValueType> input_types(const Graph& graph, const Node& node) {
  std::vector<ValueType> types;
  for (size_t i = 0; i < node.formal_inputs; ++i) {
    types.push_back(node.inputs[i] == ValueId::None ? ValueType{} : graph.value(node.inputs[i]).type);
  }
  return types;
}

// Takes the kernel over when it accepts the node; true then.
template <class Choice, class AnyKernel>
bool try_kernel(Choice& choice, const AnyKernel& kernel, const Node& node, const std::vector<ValueType>& types) {
  const std::string refusal = kernel.accepts ? kernel.accepts(node.params.get(), types) : "";
  if (refusal.empty()) {
    choice.kernel = &kernel;
    return true;
  }
  choice.refusals.push_back(std::string(kernel.name) + ": " + refusal);
  return false;
}

}  // namespace

std::string what_lacks(const DeviceKernel& kernel, const Device& device, FunctionRef<bool(size_t input)> is_constant) {
  const int least = kernel.least_capability;
  if (device.info().capability < least) {
    return "needs compute capability " + std::to_string(least / 10) + "." + std::to_string(least % 10);
  }
  const size_t formed = kernel.formed_input;
  if (kernel.form != nullptr && !is_constant(formed)) return "input " + std::to_string(formed) + " is not constant";
  return "";
}

bool is_for(Precision precision, std::string_view kernel) {
  return precision_named(kernel).value_or(Precision::Float32) == precision;
}

KernelChoice choose_kernel(const Graph& graph, const Node& node, std::string_view device, Precision precision,
                           std::string_view provider) {
  const std::vector<ValueType> types = input_types(graph, node);
  KernelChoice choice;
  const auto look = [&](Precision wanted) {
    for (const Kernel& kernel : node.op->def().kernels) {
      if (kernel.device == device && is_for(wanted, kernel.name) && try_kernel(choice, kernel, node, types)) return;
    }
  };
  const Kernel* provided = provider.empty() ? nullptr : provider_kernels().find(*node.op, provider);
  if (provided != nullptr && provided->device == device && try_kernel(choice, *provided, node, types)) return choice;
  if (precision != Precision::Float32) look(precision);
  if (choice.kernel == nullptr) look(Precision::Float32);
  return choice;
}

DeviceKernelChoice choose_device_kernel(const Graph& graph, const Node& node, const Device& device,
                                        Precision precision) {
  const std::vector<ValueType> types = input_types(graph, node);
  const std::vector<const DeviceKernel*> kernels = device_kernels().find(*node.op, device.kernels());
  const auto is_constant = [&](size_t input) {
    return input < node.formal_inputs && node.inputs[input] != ValueId::None &&
           graph.value(node.inputs[input]).constant.defined();
  };
  DeviceKernelChoice choice;
  const auto look = [&](Precision wanted) {
    for (const DeviceKernel* kernel : kernels) {
      if (!is_for(wanted, kernel->name)) continue;
      if (const std::string lack = what_lacks(*kernel, device, is_constant); !lack.empty()) {
        choice.refusals.push_back(std::string(kernel->name) + ": " + lack);
      } else if (try_kernel(choice, *kernel, node, types)) {
        return;
      }
    }
  };
  if (precision != Precision::Float32) look(precision);
  if (choice.kernel == nullptr) look(Precision::Float32);
  return choice;
}

}  // namespace mica
