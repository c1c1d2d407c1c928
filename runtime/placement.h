// Which steps of a plan run on its device, and what is copied for them.
#pragma once

#include <vector>

#include "runtime/plan.h"

namespace mica {

/// Settles `Step::kind` and `Slot::place`, adds slots and copies, and lets steps and outputs refer to the copies.
///
/// A step runs on the device when it has a device kernel, unless it is shape arithmetic: vectors or scalars of whole
/// numbers or truth values, made of what is on the host. A view stays where what it looks at is. Inputs and outputs of
/// the plan are on the host. A value is copied at most once, right before the first step that needs it elsewhere;
/// constants are not copied but have a slot on the device of their own.
void place_steps(std::vector<Slot>& slots, std::vector<Step>& steps, std::vector<PlanOutput>& outputs);

/// Whether a step of the host is shape arithmetic.
bool is_shape_arithmetic(const Plan& plan, const Step& step);

/// How many copies there are besides those of the plan's inputs and outputs.
size_t inner_copies(const Plan& plan);

}  // namespace mica
