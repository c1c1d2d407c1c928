// Launcher of the CUDA kernel of GridSample.
#pragma once

#include "kernels/cuda/number.h"
#include "kernels/image/grid_axis.h"

namespace mica::cuda {

/// y[n, c, o] = x[n, c, grid[n, o]], of floats.
struct GridSampleCall {
  static constexpr int kMostAxes = 3;

  GridForm form;
  Number number;  ///< of x and y
  Number grid_number;
  const void* x;
  const void* grid;
  void* y;
  int64_t batch, channels, outputs;  ///< places of an image in the grid
  int rank;                          ///< spatial axes
  int64_t sizes[kMostAxes];          ///< of x along them, the last axis first, 1 where there is none
};
void launch_grid_sample(const GridSampleCall& call, void* stream);

}  // namespace mica::cuda
