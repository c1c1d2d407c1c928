// Launcher of the CUDA kernel of Gather. An index out of range reports a fault and reads nothing:
// zeros stand for what it would have given.
#pragma once

#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

struct Indices {
  const void* data;
  bool wide;  ///< int64, else int32
};

/// to[row, pick, :] = from[row, indices[pick], :], of rows of `count` slices of `slice` elements of `width` bytes.
struct GatherCall {
  const void* from;
  void* to;
  Indices indices;
  int64_t rows, picks, count, slice, width;
  Fault fault;
};
void launch_gather(const GatherCall& call, void* stream);

}  // namespace mica::cuda
