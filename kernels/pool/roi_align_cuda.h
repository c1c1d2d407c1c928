// Launcher of the CUDA kernel of RoiAlign.
#pragma once

#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"
#include "kernels/pool/roi_region.h"

namespace mica::cuda {

/// Of images [batch, channels, height, width] and `count` regions of floats of one type. Images that there are not, and
/// regions that make no sense, are reported.
struct RoiAlignCall {
  RoiForm form;
  Number number;
  const void* x;
  const void* rois;
  const int64_t* images;
  void* y;
  int64_t count, batch, channels, height, width;
  bool average;  ///< else the largest weighted neighbour
  Fault fault;
};
void launch_roi_align(const RoiAlignCall& call, void* stream);

}  // namespace mica::cuda
