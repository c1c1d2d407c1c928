// Constants of a plan, as its kernels want them.
#pragma once

#include <span>

#include "runtime/packed_weights.h"
#include "runtime/plan.h"

namespace mica {

/// Lets the kernels of steps on the host say what is to be packed; their results are `Step::packed`. Constants whose
/// elements lie unaligned, and that a kernel reads where they are which minds that, become aligned copies; so do those
/// that are outputs. `slots` stays where it is until `packed` has finished.
void pack_constants(const Graph& graph, std::span<Slot> slots, std::span<Step> steps,
                    std::span<const PlanOutput> outputs, PackedWeights& packed);

}  // namespace mica
