// Filters along one axis of a tensor.
#pragma once

#include "kernels/image/resize_axis.h"

namespace mica {

/// For every output position x, used[x] weights from weights[x * taps] on, of the elements at the places from
/// places[x * taps] on; -1 where it is outside of a cropped region.
struct ResizeFilter {
  int64_t taps;
  int64_t* used;
  int64_t* places;
  float* weights;
};

/// y = x along one axis: [outer, axis.input, inner] to [outer, axis.output, inner]. T is float or double.
template <class T>
void resample(const ResizeFilter& filter, const ResizedAxis& axis, float outside, const T* x, T* y, int64_t outer,
              int64_t inner);

}  // namespace mica
