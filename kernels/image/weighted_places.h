// Weighted sums of the same places of all channels of an image. T is float or double.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/image/grid_axis.h"

namespace mica {

template <class T>
struct WeightedPlaces {
  int64_t* places;
  T* weights;
  int64_t count = 0;
};

/// The elements of an image with these spatial dims that the place of a grid, the last axis first, is interpolated
/// from. `near` has room for form.taps to the power of the axes.
template <class T>
void find_places(const GridForm& form, const T* grid, std::span<const int64_t> dims, WeightedPlaces<T>& near);

/// y[c * y_step] = the sum of weights[i] * x[c * x_step + places[i]], for c < channels.
template <class T>
void sum_places(const WeightedPlaces<T>& near, int64_t channels, const T* x, int64_t x_step, T* y, int64_t y_step);

}  // namespace mica
