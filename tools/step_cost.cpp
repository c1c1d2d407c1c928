#include "tools/step_cost.h"

#include <deque>

#include "tools/node_flops.h"

namespace mica::tools {
namespace {

const Shape* shape_of(const PlanLayout& layout, uint32_t slot) {
  return slot != Slot::kNone && layout.shapes[slot] ? &*layout.shapes[slot] : nullptr;
}

}  // namespace

StepCost step_cost(const Plan& plan, const Step& step, const PlanLayout& layout) {
  if (step.view) return {std::nullopt, 0};
  std::deque<Dims> held;
  OperandDims dims;
  double bytes = 0;
  bool is_known = true;
  const auto take = [&](uint32_t slot, std::vector<const Dims*>& operands) {
    const Shape* shape = shape_of(layout, slot);
    operands.push_back(shape == nullptr ? nullptr : &held.emplace_back(to_dims(*shape)));
    if (slot == Slot::kNone) return;
    is_known &= shape != nullptr;
    if (shape != nullptr) bytes += static_cast<double>(shape->elements()) * bit_width(plan.slots()[slot].dtype) / 8;
  };
  for (size_t i = 0; i < step.formal_inputs; ++i) take(step.inputs[i], dims.inputs);
  for (const uint32_t slot : step.outputs) take(slot, dims.outputs);
  const auto flops = step.is_copy() ? std::nullopt : node_flops(plan.graph().node(step.node), dims);
  const auto number = flops ? flops->constant() : std::nullopt;
  return {number ? std::optional(static_cast<double>(*number)) : std::nullopt,
          is_known ? std::optional(bytes) : std::nullopt};
}

}  // namespace mica::tools
