// Coordinates and filters of Resize.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/image/resize.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <class T, size_t N>
void choose(T& field, const Attribute& value, const Choice<T> (&choices)[N]) {
  std::string text;
  assign_attribute(text, value);
  for (const Choice<T>& choice : choices) {
    if (choice.name != text) continue;
    field = choice.value;
    return;
  }
  throw Error(ErrorCode::InvalidModel, "is \"" + text + "\", which the operator does not know");
}

double element(const Tensor& tensor, int64_t i) {
  double value = 0;
  visit_dtype<float, double, Half, BFloat16>(tensor.dtype(),
                                             [&]<class T>() { value = static_cast<double>(tensor.data<T>()[i]); });
  return value;
}

bool given(const Operands& io, size_t input) {
  return io.has(input) && io.in(input).elements() > 0;
}

}  // namespace

void assign_attribute(Resize::Mode& field, const Attribute& value) {
  using enum Resize::Mode;
  choose(field, value, {{"nearest", Nearest}, {"linear", Linear}, {"bilinear", Linear}, {"cubic", Cubic}});
}

void assign_attribute(Resize::Coordinates& field, const Attribute& value) {
  using enum Resize::Coordinates;
  choose(field, value,
         {{"half_pixel", HalfPixel},
          {"half_pixel_symmetric", HalfPixelSymmetric},
          {"pytorch_half_pixel", PytorchHalfPixel},
          {"align_corners", AlignCorners},
          {"asymmetric", Asymmetric},
          {"tf_half_pixel_for_nn", TfHalfPixelForNn},
          {"tf_crop_and_resize", TfCropAndResize}});
}

void assign_attribute(Resize::Rounding& field, const Attribute& value) {
  using enum Resize::Rounding;
  choose(field, value,
         {{"round_prefer_floor", RoundPreferFloor},
          {"round_prefer_ceil", RoundPreferCeil},
          {"floor", Floor},
          {"ceil", Ceil}});
}

void assign_attribute(Resize::Policy& field, const Attribute& value) {
  using enum Resize::Policy;
  choose(field, value, {{"stretch", Stretch}, {"not_larger", NotLarger}, {"not_smaller", NotSmaller}});
}

std::array<ResizedAxis, Shape::kMaxRank> resized_axes(const Resize& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& y = io.out(0).shape();
  if (x.rank() != y.rank()) bad_input("input " + x.str() + " and output " + y.str() + " have different ranks");
  std::array<ResizedAxis, Shape::kMaxRank> result;
  for (size_t d = 0; d < x.rank(); ++d) {
    result[d].input = x[d];
    result[d].output = y[d];
    if (x[d] == 0 && y[d] != 0) bad_input("an empty axis cannot be resized: " + x.str() + " to " + y.str());
  }
  const size_t count = op.axes.empty() ? x.rank() : op.axes.size();
  const auto check_count = [&](int64_t elements, int64_t wanted, std::string_view name) {
    if (elements == wanted) return;
    bad_input(std::string(name) + " has " + std::to_string(elements) + " elements, not " + std::to_string(wanted));
  };
  const bool by_scale = given(io, op.scales_input);
  const bool by_size = !by_scale && given(io, op.sizes_input);
  const bool cropped = op.coordinates == Resize::Coordinates::TfCropAndResize;
  const int64_t n = static_cast<int64_t>(count);
  if (by_scale) check_count(io.in(op.scales_input).elements(), n, "scales");
  if (by_size) check_count(io.in(op.sizes_input).elements(), n, "sizes");
  if (!op.scales.empty()) check_count(static_cast<int64_t>(op.scales.size()), n, "scales");
  if (cropped && !given(io, op.roi_input)) bad_input("tf_crop_and_resize needs the input roi");
  if (cropped) check_count(io.in(op.roi_input).elements(), 2 * n, "roi");
  double smallest = std::numeric_limits<double>::infinity(), largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t d = op.axes.empty() ? i : normalize_axis(op.axes[i], x.rank());
    ResizedAxis& axis = result[d];
    if (by_scale) axis.scale = io.in(op.scales_input).data<float>()[i];
    if (!op.scales.empty()) axis.scale = op.scales[i];
    if (by_size && axis.input > 0) {
      const double size = static_cast<double>(io.in(op.sizes_input).data<int64_t>()[i]);
      axis.scale = size / static_cast<double>(axis.input);
      smallest = std::min(smallest, axis.scale);
      largest = std::max(largest, axis.scale);
    }
    if (cropped) {
      axis.start = element(io.in(op.roi_input), static_cast<int64_t>(i));
      axis.end = element(io.in(op.roi_input), static_cast<int64_t>(i + count));
    }
  }
  if (op.height_scale != 0 && x.rank() == 4) {
    result[2].scale = op.height_scale;
    result[3].scale = op.width_scale;
  }
  for (size_t i = 0; by_size && op.policy != Resize::Policy::Stretch && i < count; ++i) {
    const size_t d = op.axes.empty() ? i : normalize_axis(op.axes[i], x.rank());
    result[d].scale = op.policy == Resize::Policy::NotLarger ? smallest : largest;
  }
  for (size_t d = 0; d < x.rank(); ++d) {
    if (result[d].output > 0 && !(std::isfinite(result[d].scale) && result[d].scale > 0)) {
      bad_input("scale " + std::to_string(result[d].scale) + " of axis " + std::to_string(d) + " is not positive");
    }
  }
  return result;
}

ResizeFilterForm filter_form(const Resize& op) {
  return {op.coordinates, op.mode == Resize::Mode::Cubic, op.exclude_outside, op.antialias,
          static_cast<double>(op.cubic_a)};
}

int64_t checked_taps(const ResizeFilterForm& form, const ResizedAxis& axis) {
  if (-form.begin(axis) > 0x1p30) bad_input("scale " + std::to_string(axis.scale) + " is too small");
  return form.taps(axis);
}

}  // namespace mica
