// Boxes in images.
#pragma once

#include <span>

namespace mica {

struct Box {
  float left, right, low, high;
  float area() const { return (right - left) * (high - low); }
};

/// From [y1, x1, y2, x2] with corners in any order, or [x_center, y_center, width, height].
Box to_box(const float* b, bool centered);

/// Whether what a box has in common with one of the others is more than `threshold` of what both cover.
bool overlaps_any(const Box& box, std::span<const Box> others, float threshold);

}  // namespace mica
