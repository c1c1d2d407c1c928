// Softmax, LogSoftmax and Hardmax work along one axis from version 13 on, the last one by default. Before, along all
// axes from `axis` on as if they were one, and `axis` is 1 by default.
#include <algorithm>

#include "graph/facts.h"
#include "graph/upgrade.h"

namespace mica {
namespace {

void one_axis(Upgrade& u) {
  int64_t axis = u.take<int64_t>("axis").value_or(1);
  const ValueId x = u.node().inputs[0];
  const Dims* dims = dims_of(u.graph(), x);
  if (dims == nullptr && axis < 0) u.refuse("the rank of its input is not known");
  if (dims != nullptr) {
    const int64_t rank = static_cast<int64_t>(dims->size());
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis > rank) u.refuse("axis " + std::to_string(axis) + " is none of the " + std::to_string(rank));
    const auto is_one = [](const Dim& dim) { return dim.is(1); };
    if (axis < rank && std::all_of(dims->begin() + axis + 1, dims->end(), is_one)) {
      return u.set("axis", axis == rank - 1 ? int64_t{-1} : axis);
    }
  }
  const ValueId shape = u.add("Shape", {x});
  u.set_input(0, u.add("Flatten", {x}, {{"axis", axis}}));
  u.set("axis", int64_t{-1});
  u.add_behind(0, "Reshape", {shape});
}

}  // namespace

MICA_UPGRADE(Hardmax, 13) {
  one_axis(u);
}
MICA_UPGRADE(LogSoftmax, 13) {
  one_axis(u);
}
MICA_UPGRADE(Softmax, 13) {
  one_axis(u);
}

}  // namespace mica
