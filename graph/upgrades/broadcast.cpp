// Version 7: operands broadcast as in NumPy. Before, B covers axes of A from `axis` on, without it the last ones, when
// `broadcast` says so.
#include <numeric>

#include "graph/upgrade.h"

namespace mica {
namespace {

// Gives input 1 axes of size 1 behind its own, so that its first axis is `axis` of input 0.
void align(Upgrade& u, int64_t axis) {
  const int64_t rank = static_cast<int64_t>(u.dims(0).size()), covered = static_cast<int64_t>(u.dims(1).size());
  const int64_t trailing = rank - (axis < 0 ? axis + rank : axis) - covered;
  if (trailing <= 0) return;
  std::vector<int64_t> axes(static_cast<size_t>(trailing));
  std::iota(axes.begin(), axes.end(), covered);
  u.set_input(1, u.add("Unsqueeze", {u.node().inputs[1]}, {{"axes", axes}}));
}

void numpy_broadcast(Upgrade& u) {
  const bool broadcasts = u.take<int64_t>("broadcast").value_or(0) != 0;
  const auto axis = u.take<int64_t>("axis");
  if (broadcasts && axis) align(u, *axis);
}

}  // namespace

MICA_UPGRADE(Add, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(And, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Div, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Equal, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Greater, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Less, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Mul, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Or, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Pow, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Sub, 7) {
  numpy_broadcast(u);
}
MICA_UPGRADE(Xor, 7) {
  numpy_broadcast(u);
}

// C's dims were the last ones of the product with `broadcast`, and all of them without.
MICA_UPGRADE(Gemm, 7) {
  u.take<int64_t>("broadcast");
}

// The slope was one number, or one for each channel.
MICA_UPGRADE(PRelu, 7) {
  const Dims& slope = u.dims(1);
  if (!product(slope).is(1) && u.dims(0).size() > 1) align(u, 1);
}

}  // namespace mica
