// Resampling of tensors along their axes: Resize and Upsample.
#pragma once

#include "kernels/op.h"

namespace mica {

struct Resize {
  enum class Mode : uint8_t { Nearest, Linear, Cubic };
  enum class Coordinates : uint8_t {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixelForNn,
    TfCropAndResize,
  };
  /// Simple: upwards when the axis shrinks, else downwards. The standard left it open before version 11.
  enum class Rounding : uint8_t { RoundPreferFloor, RoundPreferCeil, Floor, Ceil, Simple };
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

/// How one axis is resampled.
struct ResizedAxis {
  int64_t input = 1, output = 1;
  double scale = 1;           ///< nominal; output / input need not be the same
  double start = 0, end = 1;  ///< region of interest
  bool identity() const { return scale == 1 && output == input && start == 0 && end == 1; }
};

/// All axes at the dims at hand. Throws when scales, sizes, roi and dims do not fit.
std::array<ResizedAxis, Shape::kMaxRank> resized_axes(const Resize& op, const Operands& io);

/// Where output position `x` of an axis lies between the input's elements; NaN outside of a cropped region.
double source_position(const Resize& op, const ResizedAxis& axis, int64_t x);

/// A linear or cubic filter: output x is the sum of weights[x * taps + i] * input[clamp(first[x] + i)], or the
/// extrapolation value where the weights are NaN.
struct ResizeFilter {
  int64_t taps;
  int64_t* first;
  float* weights;
};
ResizeFilter make_filter(const Resize& op, const ResizedAxis& axis, const Operands& io);

}  // namespace mica
