#include "kernels/image/weighted_places.h"

namespace mica {

template <class T>
void find_places(const GridForm& form, const T* grid, std::span<const int64_t> dims, WeightedPlaces<T>& near) {
  const int64_t taps = form.taps;
  near.places[0] = 0;
  near.weights[0] = 1;
  int64_t used = 1;  // grows by one axis at a time, in place from the back
  for (size_t axis = 0; axis < dims.size(); ++axis, used *= taps) {
    const AxisTaps<T> along = axis_taps<T>(form, grid[dims.size() - 1 - axis], dims[axis]);
    for (int64_t j = used; j-- > 0;) {
      const int64_t place = near.places[j];
      const T weight = near.weights[j];
      for (int64_t tap = taps; tap-- > 0;) {
        const int64_t index = along.index[tap];
        near.places[j * taps + tap] = place < 0 || index < 0 ? -1 : place * dims[axis] + index;
        near.weights[j * taps + tap] = weight * along.weight[tap];
      }
    }
  }
  near.count = 0;
  for (int64_t j = 0; j < used; ++j) {
    if (near.places[j] < 0) continue;
    near.places[near.count] = near.places[j];
    near.weights[near.count++] = near.weights[j];
  }
}

template <class T>
void sum_places(const WeightedPlaces<T>& near, int64_t channels, const T* x, int64_t x_step, T* y, int64_t y_step) {
  for (int64_t c = 0; c < channels; ++c, x += x_step, y += y_step) {
    T sum = 0;
    for (int64_t i = 0; i < near.count; ++i) sum += near.weights[i] * x[near.places[i]];
    *y = sum;
  }
}

template void find_places(const GridForm&, const float*, std::span<const int64_t>, WeightedPlaces<float>&);
template void find_places(const GridForm&, const double*, std::span<const int64_t>, WeightedPlaces<double>&);
template void sum_places(const WeightedPlaces<float>&, int64_t, const float*, int64_t, float*, int64_t);
template void sum_places(const WeightedPlaces<double>&, int64_t, const double*, int64_t, double*, int64_t);

}  // namespace mica
