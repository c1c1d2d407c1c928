#include "tools/explain_step.h"

#include <vector>

#include "kernels/device_kernel.h"
#include "runtime/base/error.h"

namespace mica::tools {

std::string explain_step(const Plan& plan, const Step& step, const PlanLayout& layout) {
  if (step.kind != Step::Kind::Device || !step.device_kernel->explains) return "";
  static constexpr uint32_t kNone = Slot::kNone;
  const void* nowhere = reinterpret_cast<const void*>(uintptr_t{256});  // aligned, and not looked at
  const auto operands = [&](std::span<const uint32_t> slots, std::vector<Datum>& data, std::vector<Datum*>& pointers) {
    data.reserve(slots.size());
    for (const uint32_t slot : slots) {
      if (slot != kNone && !layout.shapes[slot]) return false;
      if (slot != kNone)
        data.emplace_back(Tensor::over(plan.slots()[slot].dtype, *layout.shapes[slot], nowhere, nullptr));
      pointers.push_back(slot == kNone ? nullptr : &data.back());
    }
    return true;
  };
  std::vector<Datum> inputs, outputs;
  std::vector<Datum*> in, out;
  const std::span<const uint32_t> formal(step.inputs.data(), step.formal_inputs);
  if (!operands(formal, inputs, in) || !operands(step.outputs, outputs, out)) return "";
  std::string text;
  DeviceOperands::Context context;
  context.capability = plan.device()->info().capability;
  context.explanation = &text;
  try {
    step.device_kernel->run(step.params, DeviceOperands(in, out, context));
  } catch (const Error&) {
    return "";  // dims that do not fit each other: a run says so
  }
  return text;
}

}  // namespace mica::tools
