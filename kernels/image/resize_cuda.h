// Launchers of the CUDA kernels of Resize.
#pragma once

#include "kernels/cuda/number.h"
#include "kernels/image/resize_axis.h"

namespace mica::cuda {

/// Resamples x along its axes, counted from the innermost.
struct ResizeCall {
  static constexpr int kMostAxes = 16;
  struct Axis {
    ResizedAxis of;
    int64_t x_step;
    int64_t taps;    ///< of its filter
    int64_t* first;  ///< scratch for `of.output` elements; null: the axis stays as it is
    float* weights;  ///< the same, times taps; null: the nearest element is taken
  };
  Number number;
  const void* x;
  void* y;
  int64_t width;     ///< bytes of an element
  int64_t elements;  ///< of y
  int rank;
  Axis axes[kMostAxes];
  ResizeFilterForm form;
  ResizeRounding rounding;
  float extrapolation;
  uint64_t extrapolation_bits;  ///< the same as an element of x, for the nearest element
};
void launch_resize_nearest(const ResizeCall& call, void* stream);
/// Of floats, and of whole numbers but uint64, which are rounded and saturated.
void launch_resize_filtered(const ResizeCall& call, void* stream);

}  // namespace mica::cuda
