#include "runtime/plan_constants.h"

#include <vector>

#include "kernels/operands.h"
#include "runtime/base/error.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

void prepack(const Graph& graph, Step& step, PackedWeights& packed) {
  if (step.kind != Step::Kind::Host || step.kernel->prepack == nullptr) return;
  const Node& node = graph.node(step.node);
  std::vector<const Tensor*> constants;
  for (size_t i = 0; i < node.formal_inputs; ++i) {
    const Tensor* constant = node.inputs[i] != ValueId::None ? &graph.value(node.inputs[i]).constant : nullptr;
    constants.push_back(constant != nullptr && constant->defined() ? constant : nullptr);
  }
  const UsePacker use(packed);
  try {
    step.packed = step.kernel->prepack(step.params, ConstantOperands(constants));
  } catch (const Error& error) {
    throw error.within(node.str());
  }
}

}  // namespace

void pack_constants(const Graph& graph, std::span<Slot> slots, std::span<Step> steps,
                    std::span<const PlanOutput> outputs, PackedWeights& packed) {
  std::vector<bool> must_align(slots.size(), false);
  for (Step& step : steps) {
    if (step.kind != Step::Kind::Host) continue;
    packed.next_step();
    prepack(graph, step, packed);
    for (const uint32_t input : step.inputs) {
      if (input != Slot::kNone && !packed.is_handled(slots[input].constant)) must_align[input] = true;
    }
  }
  for (const PlanOutput& output : outputs) must_align[output.slot] = true;
  for (size_t i = 0; i < slots.size(); ++i) {
    Tensor& constant = slots[i].constant;
    if (must_align[i] && constant.defined() && !is_aligned(constant)) packed.align(constant);
  }
}

}  // namespace mica
