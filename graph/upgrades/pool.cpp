// The power of LpPool and GlobalLpPool is an integer; it was a float.
#include <cmath>

#include "graph/upgrade.h"

namespace mica {
namespace {

void integer_power(Upgrade& u) {
  const auto p = u.take<float>("p");
  if (!p) return;
  if (*p != std::round(*p) || !(std::fabs(*p) < 1e6f)) u.refuse("p is " + std::to_string(*p) + ", not an integer");
  u.set("p", static_cast<int64_t>(*p));
}

}  // namespace

MICA_UPGRADE(GlobalLpPool, 2) {
  integer_power(u);
}
MICA_UPGRADE(LpPool, 2) {
  integer_power(u);
}

}  // namespace mica
