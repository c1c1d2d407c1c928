// Upsample, which became Resize, and other operators on images.
#include <algorithm>

#include "graph/upgrade.h"

namespace mica {
namespace {

ValueId floats(Upgrade& u, const std::vector<float>& values) {
  return u.constant(Tensor::of<float>(Shape{static_cast<int64_t>(values.size())}, values));
}

std::string text(const Upgrade& u, std::string_view attribute, std::string_view absent) {
  const auto it = u.node().attributes.find(attribute);
  const auto* held = it == u.node().attributes.end() ? nullptr : std::get_if<std::string>(&it->second);
  return held == nullptr ? std::string(absent) : *held;
}

// The nearest element was the one before where a side grows, and the one behind where it shrinks.
std::string nearest_mode(const Upgrade& u) {
  const Tensor* scales = u.content(1);
  if (scales == nullptr || scales->dtype() != DType::F32) {
    u.refuse("its scales are computed, and whether it grows or shrinks decides what nearest means");
  }
  const auto values = scales->as<float>();
  const bool grows = std::ranges::any_of(values, [](float scale) { return scale > 1; });
  const bool shrinks = std::ranges::any_of(values, [](float scale) { return scale < 1; });
  if (grows && shrinks) u.refuse("it grows along one axis and shrinks along another");
  return shrinks ? "ceil" : "floor";
}

}  // namespace

MICA_UPGRADE(Upsample, 7) {
  const auto height = u.take<float>("height_scale"), width = u.take<float>("width_scale");
  if (!height || !width) u.refuse("it has no scales");
  u.set("scales", std::vector<float>{1, 1, *height, *width});
  if (text(u, "mode", "") == "bilinear") u.set("mode", "linear");
}

MICA_UPGRADE(Upsample, 9) {
  u.set_input(1, floats(u, u.take<std::vector<float>>("scales").value_or(std::vector<float>{})));
}

MICA_UPGRADE(Upsample, 10) {
  u.become("Resize");
}

// Takes a region of interest before the scales. Coordinates were x / scale.
MICA_UPGRADE(Resize, 11) {
  const ValueId scales = u.node().inputs[1];
  if (text(u, "mode", "nearest") == "nearest") u.set("nearest_mode", nearest_mode(u));
  u.set("coordinate_transformation_mode", "asymmetric");
  u.set_input(1, floats(u, {}));
  u.set_input(2, scales);
}

// Has no tf_half_pixel_for_nn, floor((x + 0.5) / scale): it is half_pixel, (x + 0.5) / scale - 0.5, with halves rounded
// up.
MICA_UPGRADE(Resize, 13) {
  if (text(u, "coordinate_transformation_mode", "") != "tf_half_pixel_for_nn") return;
  if (text(u, "mode", "nearest") != "nearest" || text(u, "nearest_mode", "") != "floor") {
    u.refuse("tf_half_pixel_for_nn is replaced only with nearest_mode floor");
  }
  u.set("coordinate_transformation_mode", "half_pixel");
  u.set("nearest_mode", "round_prefer_ceil");
}

MICA_UPGRADE(RoiAlign, 16) {
  u.set_default("coordinate_transformation_mode", "output_half_pixel");
}

MICA_UPGRADE(GridSample, 20) {
  const std::string mode = text(u, "mode", "");
  if (mode == "bilinear") u.set("mode", "linear");
  if (mode == "bicubic") u.set("mode", "cubic");
}

}  // namespace mica
