#include "runtime/device_ports.h"

#include <algorithm>

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

bool shares(const Plan& plan, uint32_t slot, uint32_t root) {
  return slot != kNone && plan.slots()[slot].root == root;
}

// Whether a step of the host, or one of the device on the host's side, reads memory of `root`.
bool is_read_by_host(const Plan& plan, uint32_t root) {
  return std::ranges::any_of(plan.steps(), [&](const Step& step) {
    return !step.is_copy() && !step.view &&
           std::ranges::any_of(step.inputs, [&](uint32_t slot) { return shares(plan, slot, root); });
  });
}

// Whether it is laid out for a run, and not what an input was copied to.
bool is_computed(const Plan& plan, uint32_t root) {
  if (!plan.slots()[root].in_arena) return false;
  return std::ranges::none_of(
      plan.steps(), [&](const Step& step) { return step.kind == Step::Kind::Upload && step.outputs[0] == root; });
}

}  // namespace

std::vector<InputPort> input_ports(const Plan& plan) {
  std::vector<InputPort> ports(plan.inputs().size());
  for (size_t i = 0; i < ports.size(); ++i) {
    const uint32_t root = plan.inputs()[i];
    if (root == kNone) continue;
    for (size_t at = 0; at < plan.steps().size(); ++at) {
      const Step& step = plan.steps()[at];
      if (step.kind != Step::Kind::Upload || !shares(plan, step.inputs[0], root)) continue;
      ports[i].copies.push_back({at, step.outputs[0]});
    }
    const bool is_output =
        std::ranges::any_of(plan.outputs(), [&](const PlanOutput& output) { return shares(plan, output.slot, root); });
    ports[i].host_reads = is_output || plan.slots()[root].dynamic || is_read_by_host(plan, root);
  }
  return ports;
}

std::vector<OutputPort> output_ports(const Plan& plan) {
  std::vector<OutputPort> ports(plan.outputs().size());
  std::vector<uint32_t> roots(ports.size(), kNone);  // on the device
  for (size_t i = 0; i < ports.size(); ++i) {
    const uint32_t host = plan.outputs()[i].slot;
    for (size_t at = 0; at < plan.steps().size(); ++at) {
      const Step& step = plan.steps()[at];
      if (step.kind != Step::Kind::Download || step.outputs[0] != host) continue;
      ports[i].step = at;
      ports[i].slot = step.inputs[0];
      roots[i] = plan.slots()[step.inputs[0]].root;
    }
    ports[i].host_reads = is_read_by_host(plan, plan.slots()[host].root);
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    if (roots[i] != kNone) ports[i].alone = is_computed(plan, roots[i]) && std::ranges::count(roots, roots[i]) == 1;
  }
  return ports;
}

}  // namespace mica
