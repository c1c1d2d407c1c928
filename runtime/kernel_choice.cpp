#include "runtime/kernel_choice.h"

namespace mica {

KernelChoice choose_kernel(const Graph& graph, const Node& node, std::string_view device) {
  const void* params = node.params.get();
  std::vector<ValueType> types;
  for (size_t i = 0; i < node.formal_inputs; ++i) {
    types.push_back(node.inputs[i] == ValueId::None ? ValueType{} : graph.value(node.inputs[i]).type);
  }
  KernelChoice choice;
  for (const Kernel& kernel : node.op->def.kernels) {
    if (kernel.device != device) continue;
    const std::string refusal = kernel.accepts != nullptr ? kernel.accepts(params, types) : "";
    if (refusal.empty()) {
      choice.kernel = &kernel;
      break;
    }
    choice.refusals.push_back(std::string(kernel.name) + ": " + refusal);
  }
  return choice;
}

}  // namespace mica
