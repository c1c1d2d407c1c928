#include "kernels/pool/roi_pooling.h"

#include <algorithm>

#include "kernels/shape/scalar_read.h"

namespace mica {

template <class T>
void RoiPooling<T>::add(const Neighbours<T>& near) {
  const T* x = x_;
  T* y = y_;
  for (int64_t c = 0; c < channels_; ++c, x += x_step_, y += y_step_) {
    const T a = near.weight[0] * scalar_read(x[near.offset[0]]), b = near.weight[1] * scalar_read(x[near.offset[1]]);
    const T d = near.weight[2] * scalar_read(x[near.offset[2]]), e = near.weight[3] * scalar_read(x[near.offset[3]]);
    if (average_) {
      *y = (started_ ? *y : T(0)) + a + b + d + e;
    } else {
      const T best = std::max(std::max(a, b), std::max(d, e));
      *y = started_ ? std::max(*y, best) : best;
    }
  }
  started_ = true;
}

template <class T>
void RoiPooling<T>::finish(int64_t points) {
  T* y = y_;
  for (int64_t c = 0; c < channels_; ++c, y += y_step_) {
    if (!started_) {
      *y = 0;
    } else if (average_) {
      *y /= static_cast<T>(points);
    }
  }
}

template <class T>
void greatest_of_box(const RoiBox& box, int64_t channels, const T* x, int64_t x_step, T* y, int64_t y_step) {
  const bool empty = box.top >= box.bottom || box.left >= box.right;
  for (int64_t c = 0; c < channels; ++c, x += x_step, y += y_step) {
    T best = empty ? T(0) : x[box.top * box.pitch + box.left];
    for (int64_t i = box.top; i < box.bottom; ++i) {
      const T* row = x + i * box.pitch;
      for (int64_t j = box.left; j < box.right; ++j) best = row[j] > best ? row[j] : best;
    }
    *y = best;
  }
}

template class RoiPooling<float>;
template class RoiPooling<double>;
template void greatest_of_box(const RoiBox&, int64_t, const float*, int64_t, float*, int64_t);
template void greatest_of_box(const RoiBox&, int64_t, const double*, int64_t, double*, int64_t);

}  // namespace mica
