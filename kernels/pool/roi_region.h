// Where RoiAlign looks. The functions run in kernels too (nvcc --expt-relaxed-constexpr), so they use the compiler's
// own functions instead of <cmath>.
#pragma once

#include <stdint.h>

namespace mica {

struct RoiForm {
  int64_t height = 1, width = 1;  ///< bins
  int64_t sampling_ratio = 0;     ///< sampling points of a bin along an axis; 0: one for each element
  float spatial_scale = 1;
  bool shifted = true;  ///< by half a pixel
};

/// Four neighbours of a place and their weights; all weights are zero outside of the map.
template <class A>
struct Neighbours {
  int64_t offset[4] = {};
  A weight[4] = {};
};

template <class A>
constexpr Neighbours<A> neighbours(A y, A x, int64_t height, int64_t width) {
  if (!(y >= -1 && y <= static_cast<A>(height) && x >= -1 && x <= static_cast<A>(width))) return {};
  y = y < 0 ? A(0) : y;
  x = x < 0 ? A(0) : x;
  const auto least = [](int64_t a, int64_t b) { return a < b ? a : b; };
  const int64_t top = least(static_cast<int64_t>(y), height - 1), bottom = least(top + 1, height - 1);
  const int64_t left = least(static_cast<int64_t>(x), width - 1), right = least(left + 1, width - 1);
  const A down = bottom == top ? A(0) : y - static_cast<A>(top);
  const A across = right == left ? A(0) : x - static_cast<A>(left);
  return {{top * width + left, top * width + right, bottom * width + left, bottom * width + right},
          {(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across}};
}

/// Where the bins of a region are.
template <class A>
struct RoiRegion {
  A top = 0, left = 0, bin_height = 0, bin_width = 0;
  int64_t rows = 0, columns = 0;  ///< sampling points of a bin, or -1 where the region makes no sense

  constexpr bool makes_sense() const { return rows >= 0 && columns >= 0; }
  constexpr int64_t points() const { return rows * columns; }
  /// Sampling point `i` of a bin.
  constexpr Neighbours<A> at(const RoiForm& form, int64_t bin, int64_t i, int64_t height, int64_t width) const {
    const A y = top + bin_height * (static_cast<A>(bin / form.width) +
                                    (static_cast<A>(i / columns) + A(0.5)) / static_cast<A>(rows));
    const A x = left + bin_width * (static_cast<A>(bin % form.width) +
                                    (static_cast<A>(i % columns) + A(0.5)) / static_cast<A>(columns));
    return neighbours(y, x, height, width);
  }
};

template <class A>
constexpr RoiRegion<A> roi_region(const RoiForm& form, A x1, A y1, A x2, A y2) {
  const auto place = [&](A x) { return x * static_cast<A>(form.spatial_scale) - (form.shifted ? A(0.5) : A(0)); };
  const auto length = [&](A from, A to) {
    const A distance = place(to) - place(from);
    return !form.shifted && !(distance > 1) ? A(1) : distance;
  };
  RoiRegion<A> region{place(y1), place(x1), length(y1, y2) / static_cast<A>(form.height),
                      length(x1, x2) / static_cast<A>(form.width)};
  const auto points = [&](A bin) -> int64_t {
    if (form.sampling_ratio > 0) return form.sampling_ratio;
    if (!(bin < A(1e6))) return -1;
    return bin > 0 ? static_cast<int64_t>(__builtin_ceil(static_cast<double>(bin))) : 0;
  };
  region.rows = points(region.bin_height);
  region.columns = points(region.bin_width);
  return region;
}

}  // namespace mica
