#include "kernels/image/boxes.h"

#include <algorithm>

namespace mica {
namespace {

bool overlap(const Box& a, const Box& b, float threshold) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.high, b.high) - std::max(a.low, b.low);
  if (!(width > 0 && height > 0)) return false;
  const float common = width * height;
  const float all = a.area() + b.area() - common;
  return common > 0 && a.area() > 0 && b.area() > 0 && all > 0 && common / all > threshold;
}

}  // namespace

Box to_box(const float* b, bool centered) {
  if (centered) return {b[0] - b[2] / 2, b[0] + b[2] / 2, b[1] - b[3] / 2, b[1] + b[3] / 2};
  return {std::min(b[1], b[3]), std::max(b[1], b[3]), std::min(b[0], b[2]), std::max(b[0], b[2])};
}

bool overlaps_any(const Box& box, std::span<const Box> others, float threshold) {
  return std::ranges::any_of(others, [&](const Box& other) { return overlap(box, other, threshold); });
}

}  // namespace mica
