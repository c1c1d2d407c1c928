// What the Reduce* operators reduce.
#pragma once

#include "kernels/operands.h"
#include "kernels/reduce/reduce.h"

namespace mica {

/// The axes of input 0, from an operator's parameters and its input 1, of which alone the contents are read. Throws
/// when they do not give the dims of the output.
ReductionAxes axes_to_reduce(const void* params, const Operands& io);

}  // namespace mica
