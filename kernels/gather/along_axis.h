// Indices of the shape of what they pick, as GatherElements and ScatterElements take them.
#pragma once

#include "graph/infer_context.h"
#include "kernels/operands.h"

namespace mica {

/// Fails unless `indices` has the rank of `data` and, besides the axis, no larger dims.
void check_along_axis(const InferContext& ctx, int64_t axis, const Dims& data, const Dims& indices);

/// Scratch with the offset in `data` of the element that each index names. Checks shapes and indices.
const int64_t* offsets_along_axis(const Operands& io, int64_t axis, const Tensor& data, const Tensor& indices);

}  // namespace mica
