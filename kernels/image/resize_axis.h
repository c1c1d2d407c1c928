// How Resize maps one axis to another. The functions run in kernels too (nvcc --expt-relaxed-constexpr), so they use
// the compiler's own functions instead of <cmath>.
#pragma once

#include <stdint.h>

namespace mica {

enum class ResizeCoordinates : uint8_t {
  HalfPixel,
  HalfPixelSymmetric,
  PytorchHalfPixel,
  AlignCorners,
  Asymmetric,
  TfHalfPixelForNn,
  TfCropAndResize,
};
/// Simple: upwards when the axis shrinks, else downwards. The standard left it open before version 11.
enum class ResizeRounding : uint8_t { RoundPreferFloor, RoundPreferCeil, Floor, Ceil, Simple };

/// How one axis is resampled.
struct ResizedAxis {
  int64_t input = 1, output = 1;
  double scale = 1;           ///< nominal; output / input need not be the same
  double start = 0, end = 1;  ///< region of interest
  constexpr bool identity() const { return scale == 1 && output == input && start == 0 && end == 1; }
};

/// Where output position `position` of an axis lies between the input's elements; NaN outside of a cropped region.
constexpr double source_position(ResizeCoordinates coordinates, const ResizedAxis& axis, int64_t position) {
  const double x = static_cast<double>(position);
  const double input = static_cast<double>(axis.input);
  const double output = axis.scale * input;  // the nominal length, which may be fractional
  const bool single = output == 1;
  double place = 0;
  switch (coordinates) {
    case ResizeCoordinates::HalfPixel:
      place = (x + 0.5) / axis.scale - 0.5;
      break;
    case ResizeCoordinates::HalfPixelSymmetric:
      place = input / 2 * (1 - static_cast<double>(axis.output) / output) + (x + 0.5) / axis.scale - 0.5;
      break;
    case ResizeCoordinates::PytorchHalfPixel:
      place = axis.output == 1 ? 0 : (x + 0.5) / axis.scale - 0.5;
      break;
    case ResizeCoordinates::AlignCorners:
      place = single ? 0 : x * (input - 1) / (output - 1);
      break;
    case ResizeCoordinates::Asymmetric:
      place = x / axis.scale;
      break;
    case ResizeCoordinates::TfHalfPixelForNn:
      place = (x + 0.5) / axis.scale;
      break;
    case ResizeCoordinates::TfCropAndResize:
      place = axis.start * (input - 1);
      place += (axis.end - axis.start) * (input - 1) * (single ? 0.5 : x / (output - 1));
      if (!(place >= 0 && place <= input - 1)) return __builtin_nan("");
      break;
  }
  // Far outside is as good as outside, and fits an integer.
  constexpr double kFar = 0x1p40;
  return place >= -kFar ? (place < kFar ? place : kFar) : -kFar;
}

/// The element of the input that is nearest to an output position; -1 outside of a cropped region.
constexpr int64_t nearest_element(ResizeCoordinates coordinates, ResizeRounding rounding, const ResizedAxis& axis,
                                  int64_t position) {
  const double place = source_position(coordinates, axis, position);
  if (place != place) return -1;
  const bool up = rounding == ResizeRounding::Ceil || (rounding == ResizeRounding::Simple && axis.scale < 1);
  const double rounded = rounding == ResizeRounding::RoundPreferFloor  ? __builtin_ceil(place - 0.5)
                         : rounding == ResizeRounding::RoundPreferCeil ? __builtin_floor(place + 0.5)
                         : up                                          ? __builtin_ceil(place)
                                                                       : __builtin_floor(place);
  const int64_t element = static_cast<int64_t>(rounded);
  return element < 0 ? 0 : element < axis.input ? element : axis.input - 1;
}

/// A linear or cubic filter: an output is the sum of weights[i] * input[clamp(first + i)], or the extrapolation value
/// where the weights are NaN.
struct ResizeFilterForm {
  ResizeCoordinates coordinates;
  bool is_cubic, exclude_outside, antialias;
  double cubic_a;

  /// What `antialias` stretches the filter by, inversely.
  constexpr double stretch(const ResizedAxis& axis) const { return antialias && axis.scale < 1 ? axis.scale : 1; }
  /// Of the first tap, from the element before the place that is looked for.
  constexpr double begin(const ResizedAxis& axis) const {
    return __builtin_floor((is_cubic ? -2 : -1) / stretch(axis)) + 1;
  }
  constexpr int64_t taps(const ResizedAxis& axis) const { return 2 - 2 * static_cast<int64_t>(begin(axis)); }

  /// The weights of output position x; gives their `first`.
  constexpr int64_t weigh(const ResizedAxis& axis, int64_t x, float* weights) const {
    const int64_t count = taps(axis);
    const double place = source_position(coordinates, axis, x);
    if (place != place) {
      for (int64_t i = 0; i < count; ++i) weights[i] = __builtin_nanf("");
      return 0;
    }
    const int64_t base = static_cast<int64_t>(__builtin_ceil(place)) - 1;
    const int64_t first = base + static_cast<int64_t>(begin(axis));
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += weight(axis, first + i, base, place);
    if (sum == 0 || !(exclude_outside || antialias)) sum = 1;
    for (int64_t i = 0; i < count; ++i) {
      weights[i] = static_cast<float>(weight(axis, first + i, base, place) / sum);
    }
    return first;
  }

 private:
  // Of an element of the input, for a place in (base, base + 1].
  constexpr double weight(const ResizedAxis& axis, int64_t from, int64_t base, double place) const {
    if (exclude_outside && (from < 0 || from >= axis.input)) return 0;
    const double distance = static_cast<double>(from - base) - (place - static_cast<double>(base));
    const double x = __builtin_fabs(stretch(axis) * distance);
    if (!is_cubic) return x < 1 ? 1 - x : 0;
    // Keys' cubic convolution, https://ieeexplore.ieee.org/document/1163711 (4)
    const double a = cubic_a;
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
  }
};

}  // namespace mica
