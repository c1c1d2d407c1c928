// Launcher of the CUDA kernels of the Reduce* operators.
#pragma once

#include "kernels/cuda/number.h"
#include "kernels/cuda/walk.h"
#include "kernels/reduce/reduce_function.h"

namespace mica::cuda {

/// y[o] = f of x[kept.at(o) + reduced.at(i)] for all i.
struct ReduceCall {
  ReduceFunction function;
  Number number;
  const void* x;
  void* y;
  Walk<1> kept, reduced;
  bool inner_reduced;  ///< elements that are reduced together are neighbours
};
/// Floats: computed in float, or for double in double. int32 and int64: Sum, Prod, Max and Min, wrapping around.
void launch_reduce(const ReduceCall& call, void* stream);

}  // namespace mica::cuda
