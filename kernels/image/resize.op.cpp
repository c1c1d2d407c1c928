// Resize, ai.onnx 10, 11, 13, 18, 19, and Upsample, ai.onnx 1, 7, 9, which it replaced.
// Version 10 and Upsample take the scales alone, with x_original = x_resized / scale.
#include "kernels/image/resize.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes = types::numeric | types::boolean | types::string | types::complex;
constexpr DTypeSet kTypesBefore13 = kTypes - DTypeSet{DType::BF16};

OpBuilder<Resize> resize(const Resize& prototype, DTypeSet types) {
  return op<Resize>(prototype)
      .attribute("mode", &Resize::mode)
      .input("X", types)
      .output("Y")
      .infer<infer_resize>()
      .cpu<run_resize>();
}

Resize by_scales(size_t scales_input) {
  Resize prototype;
  prototype.coordinates = Resize::Coordinates::Asymmetric;
  prototype.rounding = Resize::Rounding::Simple;
  prototype.scales_input = scales_input;
  return prototype;
}

OpBuilder<Resize> resize_11(DTypeSet types) {
  Resize prototype;
  prototype.roi_input = 1;
  prototype.scales_input = 2;
  prototype.sizes_input = 3;
  return resize(prototype, types)
      .attribute("coordinate_transformation_mode", &Resize::coordinates)
      .attribute("cubic_coeff_a", &Resize::cubic_a)
      .attribute("exclude_outside", &Resize::exclude_outside)
      .attribute("extrapolation_value", &Resize::extrapolation_value)
      .attribute("nearest_mode", &Resize::rounding)
      .optional_input("roi", types::floats)
      .optional_input("scales", types::f32)
      .optional_input("sizes", types::int64);
}

}  // namespace

MICA_OP(Resize, 18) {
  return resize_11(kTypes)
      .attribute("antialias", &Resize::antialias)
      .attribute("axes", &Resize::axes)
      .attribute("keep_aspect_ratio_policy", &Resize::policy);
}

MICA_OP(Resize, 13) {
  return resize_11(kTypes);
}

MICA_OP(Resize, 11) {
  return resize_11(kTypesBefore13);
}

MICA_OP(Resize, 10) {
  return resize(by_scales(1), kTypesBefore13).input("scales", types::f32);
}

MICA_OP(Upsample, 9) {
  return resize(by_scales(1), kTypesBefore13).input("scales", types::f32);
}

MICA_OP(Upsample, 7) {
  return resize(by_scales(Resize::kNone), kTypesBefore13).required("scales", &Resize::scales);
}

MICA_OP(Upsample, 1) {
  return resize(by_scales(Resize::kNone), kTypesBefore13)
      .required("height_scale", &Resize::height_scale)
      .required("width_scale", &Resize::width_scale);
}

}  // namespace mica
