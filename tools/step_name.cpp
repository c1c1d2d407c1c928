#include "tools/step_name.h"

#include "tools/graph_walk.h"

namespace mica::tools {

std::string step_name(const Plan& plan, const Step& step) {
  if (!step.is_copy()) return plan.graph().node(step.node).str();
  return std::string(step.kernel_name()) + " \"" + plan.slots()[step.inputs[0]].name + "\"";
}

std::string step_operator(const Plan& plan, const Step& step) {
  return step.is_copy() ? std::string(step.kernel_name()) : operator_name(plan.graph().node(step.node));
}

}  // namespace mica::tools
