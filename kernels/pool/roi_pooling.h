// The loops over channels of RoiAlign and MaxRoiPool. T is float or double.
#pragma once

#include "kernels/pool/roi_region.h"

namespace mica {

/// Pools sampling points into one bin of all channels: the sum of products of neighbours and weights, by the number of
/// points, or their largest product.
template <class T>
class RoiPooling {
 public:
  /// Channel c is at x + c * x_step, its bin at y + c * y_step.
  RoiPooling(bool average, int64_t channels, const T* x, int64_t x_step, T* y, int64_t y_step)
      : average_(average), channels_(channels), x_(x), x_step_(x_step), y_(y), y_step_(y_step) {}

  void add(const Neighbours<T>& near);
  void finish(int64_t points);

 private:
  bool average_, started_ = false;
  int64_t channels_;
  const T* x_;
  int64_t x_step_;
  T* y_;
  int64_t y_step_;
};

/// y[c * y_step] = the greatest of the elements x[c * x_step + i * pitch + j], for top <= i < bottom, left <= j <
/// right; 0 where there is none.
struct RoiBox {
  int64_t top, bottom, left, right, pitch;
};
template <class T>
void greatest_of_box(const RoiBox& box, int64_t channels, const T* x, int64_t x_step, T* y, int64_t y_step);

}  // namespace mica
