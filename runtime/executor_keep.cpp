// Which outputs of a plan can be kept in place as the next run's inputs.
#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/executor.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

bool stands_alone(const Slot& slot, uint32_t id) {
  return !slot.dynamic && slot.root == id && slot.members.size() == 1;
}

// The axis along which a step makes `output` of `input`, counted from the front; nullopt when no step does.
std::optional<size_t> append_axis(const Plan& plan, uint32_t input, uint32_t output) {
  for (const Step& step : plan.steps()) {
    if (step.dynamic || std::ranges::find(step.outputs, output) == step.outputs.end()) continue;
    for (const OpDef::Append& append : step.def->appends) {
      if (append.output >= step.outputs.size() || append.input >= step.inputs.size()) continue;
      if (step.outputs[append.output] != output || step.inputs[append.input] != input) continue;
      const size_t rank = plan.slots()[output].dims.size();
      const int64_t axis = append.axis(step.params);
      return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

// Whether all readers of a slot take it with a pitch, or as the input that is appended to.
bool readers_honour_pitch(const Plan& plan, uint32_t slot, uint32_t appended_to) {
  for (const Step& step : plan.steps()) {
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] != slot) continue;
      const bool appends = std::ranges::any_of(step.def->appends, [&](const OpDef::Append& append) {
        return append.input == i && append.output < step.outputs.size() && step.outputs[append.output] == appended_to;
      });
      if (!appends && std::ranges::find(step.def->pitched, i) == step.def->pitched.end()) return false;
    }
  }
  return true;
}

}  // namespace

bool Executor::keep(size_t input, size_t output) {
  const uint32_t in = plan_->inputs()[input];
  const PlanOutput& out = plan_->outputs()[output];
  if (in == kNone || !out.direct) return false;
  const Slot& from = plan_->slots()[in];
  const Slot& to = plan_->slots()[out.slot];
  const auto uses_as_output = [&](uint32_t id) { return std::ranges::count(plan_->outputs(), id, &PlanOutput::slot); };
  if (!stands_alone(from, in) || !stands_alone(to, out.slot) || from.dtype != to.dtype || is_sub_byte(to.dtype) ||
      uses_as_output(in) != 0 || uses_as_output(out.slot) != 1) {
    return false;
  }
  const auto axis = append_axis(*plan_, in, out.slot);
  if (!axis || from.dims.size() != to.dims.size()) return false;
  const bool dense = *axis == 0;  // one block: no gaps
  if (!dense && *axis + 2 != to.dims.size()) return false;
  if (!readers_honour_pitch(*plan_, in, out.slot)) return false;
  if (!dense && !readers_honour_pitch(*plan_, out.slot, kNone)) return false;
  KeptState state(to.dtype, Shape(std::vector<int64_t>(to.dims.size())), *axis);
  kept_[input] = std::make_unique<Kept>(Kept{in, out.slot, std::move(state)});
  is_kept_[output] = true;
  return true;
}

KeptState* Executor::kept(size_t input) {
  return kept_[input] == nullptr ? nullptr : &kept_[input]->state;
}

}  // namespace mica
