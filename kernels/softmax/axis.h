// Operators that work along one axis from version 13 on, and before over all axes from `axis` on.
#pragma once

#include "kernels/op.h"

namespace mica {

struct AlongAxis {
  int64_t axis = -1;
  bool flatten = false;  ///< as before version 13
};

inline constexpr AlongAxis kFlattening{1, true};

/// Elements seen as [outer, width, inner], where `width` is what the operator works along. A scalar is one element
/// wide.
struct AxisExtent {
  int64_t outer, width, inner;
};

inline AxisExtent axis_extent(const AlongAxis& op, const Shape& shape) {
  const bool rows = op.flatten || shape.rank() == 0;  // all that follows is one row
  const size_t axis = normalize_axis(op.axis, shape.rank(), rows);
  return {shape.elements(0, axis), rows ? shape.elements(axis, shape.rank()) : shape[axis],
          rows ? 1 : shape.elements(axis + 1, shape.rank())};
}

inline void infer_along_axis(const AlongAxis& op, InferContext& ctx) {
  if (const Dims* dims = ctx.dims(0)) ctx.axis(op.axis, dims->size(), op.flatten || dims->empty());
  ctx.set(0, ctx.type(0));
}

inline OpBuilder<AlongAxis> along_axis(const AlongAxis& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &AlongAxis::axis)
      .infer<infer_along_axis>()
      .may_overwrite(0, 0);
}

}  // namespace mica
