// Operators on single elements whose parameters were attributes, or whose defaults are others.
#include "graph/upgrade.h"
#include "runtime/base/text.h"

namespace mica {

// `to` is a number; it was a name.
MICA_UPGRADE(Cast, 6) {
  const auto to = u.take<std::string>("to");
  if (!to) u.refuse("it has no type to cast to");
  const auto dtype = dtype_from_name(lower_case(*to));
  if (!dtype) u.refuse("\"" + *to + "\" is no element type");
  u.set("to", static_cast<int64_t>(*dtype));
}

MICA_UPGRADE(Clip, 11) {
  const auto lowest = u.take<float>("min"), highest = u.take<float>("max");
  if (lowest) u.set_input(1, u.scalar(u.dtype(0), static_cast<double>(*lowest)));
  if (highest) u.set_input(2, u.scalar(u.dtype(0), static_cast<double>(*highest)));
}

MICA_UPGRADE(Erf, 13) {
  if (!is_float(u.dtype(0)))
    u.refuse("it is of " + std::string(name(u.dtype(0))) + ", which later versions do not take");
}

MICA_UPGRADE(Selu, 6) {
  u.set_default("alpha", 1.6732f);
  u.set_default("gamma", 1.0507f);
}

// Never drops anything in versions 7 and 10; before, it does unless `is_test` is set.
MICA_UPGRADE(Dropout, 7) {
  if (u.take<int64_t>("is_test").value_or(0) == 0) u.refuse("it drops elements at random (is_test is 0)");
}

// The mask is of bools; it was of the input's type.
MICA_UPGRADE(Dropout, 10) {
  if (u.wants(1)) u.add_behind(1, "Cast", {}, {{"to", static_cast<int64_t>(u.dtype(0))}});
}

MICA_UPGRADE(Dropout, 12) {
  if (const auto ratio = u.take<float>("ratio")) u.set_input(1, u.scalar(DType::F32, static_cast<double>(*ratio)));
}

}  // namespace mica
