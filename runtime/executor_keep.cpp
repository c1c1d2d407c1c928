// Which outputs of a plan can be kept in place as the next run's inputs.
#include <algorithm>
#include <optional>
#include <utility>

#include "kernels/device_kernel.h"
#include "runtime/device_run.h"
#include "runtime/executor.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

bool stands_alone(const Slot& slot, uint32_t id) {
  return !slot.dynamic && slot.root == id && slot.members.size() == 1;
}

// Whether the step's kernel honours OpDef::appends and OpDef::pitched.
bool keeps_state(const Step& step) {
  return step.kind == Step::Kind::Host || (step.kind == Step::Kind::Device && step.device_kernel->keeps_state);
}

// The axis along which a step makes `output` of `input`, counted from the front; nullopt when no step does.
std::optional<size_t> append_axis(const Plan& plan, uint32_t input, uint32_t output) {
  for (const Step& step : plan.steps()) {
    if (step.dynamic || std::ranges::find(step.outputs, output) == step.outputs.end()) continue;
    for (const OpDef::Append& append : step.def->appends) {
      if (append.output >= step.outputs.size() || append.input >= step.inputs.size()) continue;
      if (step.outputs[append.output] != output || step.inputs[append.input] != input) continue;
      if (!keeps_state(step)) continue;
      const size_t rank = plan.slots()[output].dims.size();
      const int64_t axis = append.axis(step.params);
      return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

// Whether all readers of a slot take it with a pitch, or as the input that is appended to. What the device would copy
// to the host stays there.
bool readers_honour_pitch(const Plan& plan, uint32_t slot, uint32_t appended_to) {
  for (const Step& step : plan.steps()) {
    if (step.kind == Step::Kind::Download) continue;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] != slot) continue;
      if (!keeps_state(step)) return false;
      const bool appends = std::ranges::any_of(step.def->appends, [&](const OpDef::Append& append) {
        return append.input == i && append.output < step.outputs.size() && step.outputs[append.output] == appended_to;
      });
      if (!appends && std::ranges::find(step.def->pitched, i) == step.def->pitched.end()) return false;
    }
  }
  return true;
}

// The axis along which `output` is `input` lengthened in place, if it can be.
std::optional<size_t> axis_in_place(const Plan& plan, uint32_t input, uint32_t output) {
  const Slot& from = plan.slots()[input];
  const Slot& to = plan.slots()[output];
  if (!stands_alone(from, input) || !stands_alone(to, output) || from.dtype != to.dtype || is_sub_byte(to.dtype)) {
    return std::nullopt;
  }
  const auto axis = append_axis(plan, input, output);
  if (!axis || from.dims.size() != to.dims.size()) return std::nullopt;
  const bool dense = *axis == 0;  // one block: no gaps
  if (!dense && *axis + 2 != to.dims.size()) return std::nullopt;
  if (!readers_honour_pitch(plan, input, output)) return std::nullopt;
  if (!dense && !readers_honour_pitch(plan, output, kNone)) return std::nullopt;
  return axis;
}

}  // namespace

bool Executor::keep(size_t input, size_t output) {
  const uint32_t in = plan_->inputs()[input];
  const PlanOutput& out = plan_->outputs()[output];
  if (in == kNone) return false;
  if (device_ != nullptr && keep_on_device(input, output)) return true;
  const auto uses_as_output = [&](uint32_t id) { return std::ranges::count(plan_->outputs(), id, &PlanOutput::slot); };
  if (!out.direct || uses_as_output(in) != 0 || uses_as_output(out.slot) != 1) return false;
  if (device_ != nullptr && device_outputs_[output].port.step != OutputPort::kNoStep) return false;
  const auto axis = axis_in_place(*plan_, in, out.slot);
  if (!axis) return false;
  const Slot& to = plan_->slots()[out.slot];
  KeptState state(to.dtype, Shape(std::vector<int64_t>(to.dims.size())), axis, nullptr);
  kept_[input] = std::make_unique<Kept>(Kept{in, out.slot, std::move(state)});
  is_kept_[output] = true;
  return true;
}

bool Executor::keep_on_device(size_t input, size_t output) {
  const InputPort& from = device_inputs_[input].port;
  const OutputPort& to = device_outputs_[output].port;
  if (from.host_reads || from.copies.empty() || !to.alone || to.host_reads) return false;
  const Slot& given = plan_->slots()[plan_->inputs()[input]];
  const Slot& made = plan_->slots()[to.slot];
  if (given.dtype != made.dtype || given.dims.size() != made.dims.size()) return false;
  const uint32_t in = from.copies.front().slot;
  const bool is_whole =
      from.copies.size() == 1 && plan_->steps()[from.copies.front().step].inputs[0] == plan_->inputs()[input];
  const auto axis = is_whole ? axis_in_place(*plan_, in, to.slot) : std::nullopt;
  KeptState state(made.dtype, Shape(std::vector<int64_t>(made.dims.size())), axis, device_.get());
  kept_[input] = std::make_unique<Kept>(Kept{in, to.slot, std::move(state), true});
  is_kept_[output] = true;
  set_outside(plan_->slots()[to.slot].root, true);
  for (const InputCopy& copy : from.copies) set_outside(copy.slot, true);
  skip_copies();
  for (const uint32_t dim : axis ? std::span(given.dims).subspan(*axis, 1) : std::span<const uint32_t>()) {
    growing_ |= plan_->dims().depends(dim);
  }
  device_->set_growing(growing_);
  return true;
}

KeptState* Executor::kept(size_t input) {
  return kept_[input] == nullptr ? nullptr : &kept_[input]->state;
}

}  // namespace mica
