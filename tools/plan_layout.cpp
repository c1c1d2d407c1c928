#include "tools/plan_layout.h"

#include <algorithm>

#include "runtime/memory_plan.h"

namespace mica::tools {
namespace {

std::vector<int64_t> symbol_values(const Plan& plan, const ModelInputs& inputs) {
  std::vector<int64_t> values(plan.dims().symbols().size(), 1);
  for (size_t i = 0; i < inputs.values.size(); ++i) {
    if (!inputs.values[i].is_tensor()) continue;
    const auto symbols = plan.input_symbols(i);
    const Shape& shape = inputs.values[i].tensor.shape();
    for (size_t axis = 0; axis < symbols.size() && axis < shape.rank(); ++axis) {
      if (symbols[axis] != Slot::kNone) values[symbols[axis]] = shape[axis];
    }
  }
  return values;
}

// Of the tensors given and made: those of the inputs as they are.
std::optional<Shape> shape_of(const Slot& slot, std::span<const int64_t> registers) {
  if (slot.source == Slot::Source::Constant) return slot.constant.shape();
  if (slot.dynamic || slot.dims.size() > Shape::kMaxRank) return std::nullopt;
  Shape shape;
  for (const uint32_t reg : slot.dims) {
    if (registers[reg] < 0) return std::nullopt;
    shape.push_back(registers[reg]);
  }
  return shape;
}

size_t bytes_of(const Slot& slot, const std::optional<Shape>& shape) {
  const auto elements = shape ? checked_elements(shape->dims()) : std::nullopt;
  return elements ? byte_size(slot.dtype, *elements).value_or(0) : 0;
}

}  // namespace

PlanLayout lay_out(const Plan& plan, const ModelInputs& inputs, Place place) {
  PlanLayout layout;
  std::vector<int64_t> registers(plan.dims().registers());
  const bool is_valid = plan.dims().evaluate(symbol_values(plan, inputs), registers);
  const auto slots = plan.slots();
  for (const Slot& slot : slots) {
    layout.shapes.push_back(is_valid ? shape_of(slot, registers) : std::nullopt);
  }
  std::vector<Lifetime> lifetimes;
  for (uint32_t id = 0; id < slots.size(); ++id) {
    const Slot& slot = slots[id];
    if (!slot.in_arena || slot.root != id || slot.place != place) continue;
    ArenaBuffer buffer{id, slot.first, slot.last, 0, 0};
    for (const uint32_t member : slot.members) {
      buffer.bytes = std::max(buffer.bytes, bytes_of(slots[member], layout.shapes[member]));
    }
    layout.buffers.push_back(buffer);
    lifetimes.push_back({buffer.first, buffer.last, buffer.bytes});
  }
  const MemoryPlan memory = plan_memory(lifetimes);
  for (size_t i = 0; i < layout.buffers.size(); ++i) layout.buffers[i].offset = memory.offsets[i];
  std::ranges::stable_sort(layout.buffers, {}, &ArenaBuffer::offset);
  layout.arena = memory.bytes;
  return layout;
}

}  // namespace mica::tools
