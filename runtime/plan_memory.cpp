// Which slots of a plan share memory, and how long each is alive.
#include <algorithm>

#include "runtime/plan.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

class MemoryAssignment {
 public:
  MemoryAssignment(std::span<Slot> slots, std::span<Step> steps, std::span<PlanOutput> outputs)
      : slots_(slots), steps_(steps), outputs_(outputs), last_use_(slots.size(), 0), is_kept_(slots.size(), false) {}

  void run() {
    find_last_uses();
    for (uint32_t i = 0; i < slots_.size(); ++i) {
      slots_[i].root = i;
      slots_[i].members = {i};
      slots_[i].last = last_use_[i];
    }
    for (uint32_t at = 0; at < steps_.size(); ++at) visit(at);
    choose_direct_outputs();
  }

 private:
  void find_last_uses() {
    for (uint32_t at = 0; at < steps_.size(); ++at) {
      const uint32_t last = steps_[at].kind == Step::Kind::Upload ? next_wait(at) : at;
      for (const uint32_t slot : steps_[at].inputs) {
        if (slot != kNone) last_use_[slot] = std::max(last_use_[slot], last);
      }
      for (const uint32_t slot : steps_[at].outputs) {
        if (slot != kNone) last_use_[slot] = std::max(last_use_[slot], at);
      }
    }
    for (const PlanOutput& output : outputs_) keep(output.slot);
    for (const Step& step : steps_) {
      if (step.kind == Step::Kind::Download && is_kept_[step.outputs[0]]) keep(step.inputs[0]);
    }
  }

  // Outputs, and what the device copies to them, which a caller may want to have there.
  void keep(uint32_t slot) {
    last_use_[slot] = static_cast<uint32_t>(steps_.size());
    is_kept_[slot] = true;
  }

  // An upload may read its source until the device is waited for, at the end of the run at the latest.
  uint32_t next_wait(uint32_t at) const {
    while (++at < steps_.size() && !steps_[at].waits) continue;
    return at;
  }

  void visit(uint32_t at) {
    Step& step = steps_[at];
    for (const uint32_t output : step.outputs) {
      if (output != kNone) slots_[output].first = at;
    }
    if (step.dynamic) {
      release_dynamic(step, at);
      return;
    }
    // A caller's tensor on the device stands in for a copy of an input, and is not to be written.
    if (step.kind == Step::Kind::Upload && slots_[slots_[step.inputs[0]].root].source == Slot::Source::Input) {
      is_kept_[step.outputs[0]] = true;
    }
    for (const auto& [output, input] : step.def->views) {
      if (input < step.inputs.size() && output < step.outputs.size()) step.view |= view(step, output, input);
    }
    for (const auto& [output, input] : step.def->may_overwrite) {
      if (step.view || input >= step.inputs.size() || output >= step.outputs.size()) continue;
      if (overwrite(step, at, output, input)) break;
    }
    for (const uint32_t output : step.outputs) {
      if (output != kNone && slots_[output].root == output) slots_[output].in_arena = true;
    }
  }

  void release_dynamic(Step& step, uint32_t at) {
    const auto release = [&](uint32_t slot) {
      if (slot == kNone || !slots_[slot].dynamic || last_use_[slot] != at) return;
      if (slots_[slot].source != Slot::Source::Step) return;
      if (std::ranges::find(step.releases, slot) == step.releases.end()) step.releases.push_back(slot);
    };
    std::ranges::for_each(step.inputs, release);
    std::ranges::for_each(step.outputs, release);
  }

  bool view(const Step& step, size_t output, size_t input) {
    const uint32_t to = step.outputs[output];
    const uint32_t from = step.inputs[input];
    if (to == kNone || from == kNone || slots_[to].dtype != slots_[from].dtype) return false;
    join(to, slots_[from].root);
    return true;
  }

  // An output may take the memory of an input that nobody needs any more.
  bool overwrite(const Step& step, uint32_t at, size_t output, size_t input) {
    const uint32_t to = step.outputs[output];
    const uint32_t from = step.inputs[input];
    if (to == kNone || from == kNone || slots_[to].root != to) return false;
    const Slot& root = slots_[slots_[from].root];
    if (!root.in_arena || slots_[to].place != slots_[from].place ||
        bit_width(slots_[to].dtype) != bit_width(slots_[from].dtype))
      return false;
    if (slots_[to].dims != slots_[from].dims) return false;
    const bool free = std::ranges::all_of(
        root.members, [&](uint32_t member) { return last_use_[member] <= at && !is_kept_[member]; });
    const auto uses = std::ranges::count_if(
        step.inputs, [&](uint32_t slot) { return slot != kNone && slots_[slot].root == slots_[from].root; });
    if (!free || uses != 1) return false;
    join(to, slots_[from].root);
    return true;
  }

  void join(uint32_t slot, uint32_t root) {
    slots_[slot].root = root;
    slots_[root].members.push_back(slot);
    slots_[root].last = std::max(slots_[root].last, last_use_[slot]);
  }

  // An output computed by a step lives in the buffer that is handed out, unless another output already does.
  void choose_direct_outputs() {
    for (PlanOutput& output : outputs_) {
      Slot& root = slots_[slots_[output.slot].root];
      if (slots_[output.slot].dynamic || !root.in_arena) continue;
      root.in_arena = false;
      output.direct = true;
    }
  }

  std::span<Slot> slots_;
  std::span<Step> steps_;
  std::span<PlanOutput> outputs_;
  std::vector<uint32_t> last_use_;
  std::vector<bool> is_kept_;  ///< nobody overwrites them
};

}  // namespace

void assign_memory(std::span<Slot> slots, std::span<Step> steps, std::span<PlanOutput> outputs) {
  MemoryAssignment(slots, steps, outputs).run();
}

}  // namespace mica
