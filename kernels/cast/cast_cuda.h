// Launcher of the CUDA kernel of Cast.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// y = x as another type, as kernels/cast/number.h defines it; not of uint64. y may be x when both are equally wide.
struct CastCall {
  const void* x;
  Number from;
  void* y;
  Number to;
  int64_t count;
};
void launch_cast(const CastCall& call, void* stream);

}  // namespace mica::cuda
