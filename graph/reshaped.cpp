#include "graph/reshaped.h"

namespace mica {

bool keeps_order(const std::vector<int64_t>& perm, const Dims& dims) {
  int64_t last = -1;
  for (const int64_t axis : perm) {
    if (dims[static_cast<size_t>(axis)].is(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

std::optional<std::vector<int64_t>> written_shape(const Dims* from, const Dims& to) {
  if (from == nullptr) return std::nullopt;
  std::vector<int64_t> shape;
  bool open = false;
  bool nonzero = true;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].is_constant() && !to[i].is(0)) {
      shape.push_back(to[i].value());
    } else if (i < from->size() && (*from)[i] == to[i]) {
      shape.push_back(0);
      nonzero &= to[i].lower_bound().value_or(0) > 0;
    } else if (!open) {
      open = true;
      shape.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  if (open && !nonzero) return std::nullopt;
  return shape;
}

ValueId add_reshape(Rewriter& g, ValueId from, const std::vector<int64_t>& shape) {
  const Shape length{static_cast<int64_t>(shape.size())};
  return g.add("Reshape", 5, {from, g.add_constant(Tensor::of<int64_t>(length, shape))});
}

}  // namespace mica
