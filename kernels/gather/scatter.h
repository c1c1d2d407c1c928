// What Scatter, ScatterElements and ScatterND share: how an update meets the element it lands on.
#pragma once

#include <string>

#include "graph/op_def.h"
#include "kernels/operands.h"

namespace mica {

enum class ScatterReduction { None, Add, Mul, Max, Min };

struct Scatter {
  int64_t axis = 0;
  std::string reduction_name = "none";
  ScatterReduction reduction = ScatterReduction::None;
};

/// Reads the name of the reduction.
void prepare_scatter(Scatter& op, const NodeFacts& facts);

/// Output 0 = input 0 with input 2 laid over it in blocks: block i, `width` elements, at offsets[i].
void scatter_blocks(const Operands& io, ScatterReduction reduction, const int64_t* offsets, int64_t blocks,
                    int64_t width);

}  // namespace mica
