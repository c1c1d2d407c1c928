#include "kernels/reduce/reduce.h"

namespace mica {

ReductionAxes reduction_axes(const Shape& shape, uint32_t reduced) {
  ReductionAxes axes;
  const auto strides = shape.strides();
  bool previous = false;
  bool any = false;
  for (size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    const bool kind = (reduced >> i & 1) != 0;
    auto& groups = kind ? axes.reduced : axes.kept;
    size_t& count = kind ? axes.reduced_count : axes.kept_count;
    if (any && kind == previous) {
      groups[count - 1].size *= shape[i];
      groups[count - 1].stride = strides[i];
    } else {
      groups[count++] = {shape[i], strides[i]};
    }
    previous = kind;
    any = true;
  }
  axes.inner_reduced = any && previous;
  if (!axes.inner_reduced && axes.kept_count == 0) axes.kept_count = 1;  // a single element
  return axes;
}

}  // namespace mica
