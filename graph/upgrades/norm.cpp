// Normalizations.
#include "graph/facts.h"
#include "graph/upgrade.h"

namespace mica {

// Whether it trains is told by the number of outputs alone.
MICA_UPGRADE(BatchNormalization, 7) {
  u.take<int64_t>("is_test");
}

// With `spatial` 0 each element of an instance is a channel of its own, which is now said by shapes.
MICA_UPGRADE(BatchNormalization, 9) {
  if (u.take<int64_t>("spatial").value_or(1) != 0) return;
  const ValueId x = u.node().inputs[0];
  const ValueId shape = u.add("Shape", {x});
  u.set_input(0, u.add("Flatten", {x}, {{"axis", int64_t{1}}}));
  for (size_t i = 1; i < 5; ++i) {
    u.set_input(i, u.add("Reshape", {u.node().inputs[i], u.integers({-1})}));
    if (u.wants(i)) u.refuse("it trains on elements (spatial is 0)");
  }
  u.add_behind(0, "Reshape", {shape});
}

// Says by an attribute that it trains; the moments of the batch alone are no outputs any more.
MICA_UPGRADE(BatchNormalization, 14) {
  bool trains = false;
  for (size_t i = 1; i < u.node().outputs.size(); ++i) trains |= u.wants(i);
  u.truncate_outputs(trains ? 3 : 1);
  if (trains) u.set("training_mode", int64_t{1});
}

// A scale and a bias for each channel; there was one for each group.
MICA_UPGRADE(GroupNormalization, 21) {
  const Dims& dims = u.dims(0);
  const int64_t groups = attribute(u.node(), "num_groups", 0);
  const auto channels = dims.size() > 1 ? dims[1].constant() : std::nullopt;
  if (!channels || groups <= 0 || *channels % groups != 0) u.refuse("the number of channels is not known");
  for (const size_t i : {1, 2}) {
    const ValueId column = u.add("Reshape", {u.node().inputs[i], u.integers({groups, 1})});
    const ValueId repeated = u.add("Expand", {column, u.integers({groups, *channels / groups})});
    u.set_input(i, u.add("Reshape", {repeated, u.integers({-1})}));
  }
}

}  // namespace mica
