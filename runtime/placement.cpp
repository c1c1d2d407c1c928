#include "runtime/placement.h"

#include <algorithm>
#include <map>
#include <utility>

#include "kernels/device_kernel.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

// What operators are to copies: nothing may be viewed, overwritten or appended to.
const OpDef kCopy{};

bool is_shape_arithmetic_of(std::span<const Slot> slots, const Step& step) {
  const auto on_host = [&](uint32_t id) { return id == kNone || slots[id].place == Place::Host; };
  const auto small = [&](uint32_t id) {
    return id == kNone || (slots[id].dims.size() <= 1 && (types::ints | types::boolean).contains(slots[id].dtype));
  };
  return std::ranges::all_of(step.inputs, on_host) && std::ranges::all_of(step.outputs, small);
}

class Placement {
 public:
  Placement(std::vector<Slot>& slots, std::vector<Step>& steps) : slots_(slots), steps_(steps) {}

  void run(std::vector<PlanOutput>& outputs) {
    std::vector<Step> planned = std::move(steps_);
    steps_.clear();
    for (Step& step : planned) add(std::move(step));
    for (PlanOutput& output : outputs) {
      if (slots_[output.slot].place == Place::Device) output.slot = elsewhere(output.slot, last_node_);
    }
    find_waits();
  }

 private:
  void add(Step step) {
    last_node_ = step.node;
    const bool on_device = runs_on_device(step);
    step.kind = on_device && step.device_kernel != nullptr ? Step::Kind::Device : Step::Kind::Host;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      uint32_t& slot = step.inputs[i];
      if (slot == kNone || (views(step, kNone) && !views(step, i))) continue;
      const bool read_here = on_device && !(step.device_kernel != nullptr && step.device_kernel->reads_on_host(i));
      if (on_device && step.device_kernel != nullptr && step.device_kernel->forms(i)) {
        slot = formed(slot, step.device_kernel->form);
      } else if ((slots_[slot].place == Place::Device) != read_here) {
        slot = elsewhere(slot, step.node);
      }
    }
    for (const uint32_t slot : step.outputs) {
      if (slot != kNone) slots_[slot].place = on_device ? Place::Device : Place::Host;
    }
    steps_.push_back(std::move(step));
  }

  // Whether the step will be bound to the memory of this input, as assign_memory does it, or, with kNone, of any.
  bool views(const Step& step, size_t input) const {
    return !step.dynamic && std::ranges::any_of(step.def->views, [&](const std::pair<size_t, size_t>& pair) {
      if (pair.first >= step.outputs.size() || pair.second >= step.inputs.size()) return false;
      const uint32_t to = step.outputs[pair.first], from = step.inputs[pair.second];
      return (input == kNone || input == pair.second) && to != kNone && from != kNone &&
             slots_[to].dtype == slots_[from].dtype;
    });
  }

  bool runs_on_device(const Step& step) const {
    if (views(step, kNone)) {
      return std::ranges::any_of(step.def->views, [&](const std::pair<size_t, size_t>& pair) {
        return views(step, pair.second) && slots_[step.inputs[pair.second]].place == Place::Device;
      });
    }
    return step.device_kernel != nullptr && !is_shape_arithmetic_of(slots_, step);
  }

  // The same value in the memory of the other place.
  uint32_t elsewhere(uint32_t id, NodeId node) {
    twins_.resize(slots_.size(), kNone);
    if (twins_[id] != kNone) return twins_[id];
    const bool to_device = slots_[id].place == Place::Host;
    Slot twin = slots_[id];
    twin.place = to_device ? Place::Device : Place::Host;
    const uint32_t copy = static_cast<uint32_t>(slots_.size());
    twins_.push_back(id);
    twins_[id] = copy;
    if (twin.source != Slot::Source::Constant) {
      twin.source = Slot::Source::Step;
      twin.contents.clear();
      Step step;
      step.node = node;
      step.kind = to_device ? Step::Kind::Upload : Step::Kind::Download;
      step.def = &kCopy;
      step.inputs = {id};
      step.outputs = {copy};
      step.formal_inputs = 1;
      steps_.push_back(std::move(step));
    }
    slots_.push_back(std::move(twin));
    return copy;
  }

  // A constant on the device, in another form.
  uint32_t formed(uint32_t id, FormConstant form) {
    const auto [entry, is_new] = formed_.try_emplace({id, form}, static_cast<uint32_t>(slots_.size()));
    if (is_new) {
      Slot twin = slots_[id];
      twin.place = Place::Device;
      twin.form = form;
      slots_.push_back(std::move(twin));
    }
    return entry->second;
  }

  // Work of the device is done as it comes, so one wait is enough for all that was downloaded before.
  void find_waits() {
    std::vector<bool> pending(slots_.size(), false);
    for (Step& step : steps_) {
      if (step.kind == Step::Kind::Download) {
        pending[step.outputs[0]] = true;
        continue;
      }
      const auto is_pending = [&](uint32_t id) { return id != kNone && pending[id]; };
      if (!std::ranges::any_of(step.inputs, is_pending)) continue;
      step.waits = true;
      pending.assign(pending.size(), false);
    }
  }

  std::vector<Slot>& slots_;
  std::vector<Step>& steps_;
  std::vector<uint32_t> twins_;  ///< by slot: the one elsewhere
  std::map<std::pair<uint32_t, FormConstant>, uint32_t> formed_;
  NodeId last_node_ = NodeId::None;
};

}  // namespace

void place_steps(std::vector<Slot>& slots, std::vector<Step>& steps, std::vector<PlanOutput>& outputs) {
  Placement(slots, steps).run(outputs);
}

bool is_shape_arithmetic(const Plan& plan, const Step& step) {
  return is_shape_arithmetic_of(plan.slots(), step);
}

size_t inner_copies(const Plan& plan) {
  size_t count = 0;
  for (const Step& step : plan.steps()) {
    if (!step.is_copy()) continue;
    const uint32_t from = step.inputs[0], to = step.outputs[0];
    const bool is_input = step.kind == Step::Kind::Upload && plan.slots()[from].source != Slot::Source::Step;
    const bool is_output = step.kind == Step::Kind::Download &&
                           std::ranges::find(plan.outputs(), to, &PlanOutput::slot) != plan.outputs().end();
    if (!is_input && !is_output) ++count;
  }
  return count;
}

}  // namespace mica
