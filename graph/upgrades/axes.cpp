// Lists of axes that were attributes are inputs: Squeeze, Unsqueeze and ReduceSum from version 13 on, the other
// reductions from 18 on. No axes, or an empty list of them, means the same in both.
#include "graph/upgrade.h"

namespace mica {
namespace {

void axes_to_input(Upgrade& u) {
  const auto axes = u.take<std::vector<int64_t>>("axes");
  if (axes && !axes->empty()) u.set_input(1, u.integers(*axes));
}

}  // namespace

MICA_UPGRADE(Squeeze, 13) {
  axes_to_input(u);
}
MICA_UPGRADE(Unsqueeze, 13) {
  u.set_input(1, u.integers(u.take<std::vector<int64_t>>("axes").value_or(std::vector<int64_t>{})));
}
MICA_UPGRADE(ReduceSum, 13) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceL1, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceL2, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceLogSum, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceLogSumExp, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceMax, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceMean, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceMin, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceProd, 18) {
  axes_to_input(u);
}
MICA_UPGRADE(ReduceSumSquare, 18) {
  axes_to_input(u);
}

}  // namespace mica
