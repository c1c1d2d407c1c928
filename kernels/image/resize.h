// Resampling of tensors along their axes: Resize and Upsample.
#pragma once

#include "kernels/image/resize_axis.h"
#include "kernels/op.h"

namespace mica {

struct Resize {
  enum class Mode : uint8_t { Nearest, Linear, Cubic };
  using Coordinates = ResizeCoordinates;
  using Rounding = ResizeRounding;
  enum class Policy : uint8_t { Stretch, NotLarger, NotSmaller };

  Mode mode = Mode::Nearest;
  Coordinates coordinates = Coordinates::HalfPixel;
  Rounding rounding = Rounding::RoundPreferFloor;
  Policy policy = Policy::Stretch;
  float cubic_a = -0.75f;
  float extrapolation_value = 0;
  bool exclude_outside = false, antialias = false;
  std::vector<int64_t> axes;  ///< that the scales, sizes and roi refer to; empty: all
  std::vector<float> scales;  ///< where they are an attribute
  float height_scale = 0, width_scale = 0;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t roi_input = kNone, scales_input = kNone, sizes_input = kNone;
};

void assign_attribute(Resize::Mode& field, const Attribute& value);
void assign_attribute(Resize::Coordinates& field, const Attribute& value);
void assign_attribute(Resize::Rounding& field, const Attribute& value);
void assign_attribute(Resize::Policy& field, const Attribute& value);

void infer_resize(const Resize& op, InferContext& ctx);
void run_resize(const Resize& op, const Operands& io);

/// All axes at the dims at hand. Throws when scales, sizes, roi and dims do not fit.
std::array<ResizedAxis, Shape::kMaxRank> resized_axes(const Resize& op, const Operands& io);

/// How outputs are made of inputs where they are interpolated.
ResizeFilterForm filter_form(const Resize& op);

/// Throws when an axis shrinks too much for its filter.
int64_t checked_taps(const ResizeFilterForm& form, const ResizedAxis& axis);

}  // namespace mica
