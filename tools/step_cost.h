// What a step of a plan has to do.
#pragma once

#include <optional>

#include "tools/plan_layout.h"

namespace mica::tools {

struct StepCost {
  /// Multiplications and additions of products of matrices, convolutions, attention and recurrent layers; absent for
  /// other operators, where memory is what counts, and where shapes depend on data.
  std::optional<double> flops;
  /// Of all operands, each read or written once; absent where shapes depend on data.
  std::optional<double> bytes;
};

StepCost step_cost(const Plan& plan, const Step& step, const PlanLayout& layout);

}  // namespace mica::tools
