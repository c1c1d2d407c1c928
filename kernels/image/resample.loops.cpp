#include "kernels/image/resample.h"

#include <algorithm>

namespace mica {
namespace {

// Where neighbours of an output are others of the same axis.
template <class T>
void resample_row(const ResizeFilter& filter, int64_t outputs, float outside, const T* x, T* y) {
  for (int64_t at = 0; at < outputs; ++at) {
    const float* weights = filter.weights + at * filter.taps;
    const int64_t* places = filter.places + at * filter.taps;
    T sum = filter.used[at] < 0 ? static_cast<T>(outside) : T(0);
    for (int64_t tap = 0; tap < filter.used[at]; ++tap) sum += static_cast<T>(weights[tap]) * x[places[tap]];
    y[at] = sum;
  }
}

template <class T>
void add_scaled(T weight, const T* x, T* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += weight * x[i];
}

}  // namespace

template <class T>
void resample(const ResizeFilter& filter, const ResizedAxis& axis, float outside, const T* x, T* y, int64_t outer,
              int64_t inner) {
  for (int64_t o = 0; o < outer; ++o, x += axis.input * inner) {
    if (inner == 1) {
      resample_row(filter, axis.output, outside, x, y);
      y += axis.output;
      continue;
    }
    for (int64_t at = 0; at < axis.output; ++at, y += inner) {
      std::fill_n(y, inner, filter.used[at] < 0 ? static_cast<T>(outside) : T(0));
      for (int64_t tap = 0; tap < filter.used[at]; ++tap) {
        const int64_t i = at * filter.taps + tap;
        add_scaled(static_cast<T>(filter.weights[i]), x + filter.places[i] * inner, y, inner);
      }
    }
  }
}

template void resample(const ResizeFilter&, const ResizedAxis&, float, const float*, float*, int64_t, int64_t);
template void resample(const ResizeFilter&, const ResizedAxis&, float, const double*, double*, int64_t, int64_t);

}  // namespace mica
