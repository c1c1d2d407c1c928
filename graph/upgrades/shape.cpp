// Operators that move elements: what told them where to was an attribute and is an input.
#include "graph/upgrade.h"

namespace mica {

using Integers = std::vector<int64_t>;

// `axis` is required; it was 1 by default.
MICA_UPGRADE(Concat, 4) {
  u.set_default("axis", int64_t{1});
}

MICA_UPGRADE(Pad, 2) {
  if (const auto pads = u.take<Integers>("paddings")) u.set("pads", *pads);
}

MICA_UPGRADE(Pad, 11) {
  const float value = u.take<float>("value").value_or(0);
  u.set_input(1, u.integers(u.take<Integers>("pads").value_or(Integers{})));
  if (value != 0) u.set_input(2, u.scalar(u.dtype(0), static_cast<double>(value)));
}

MICA_UPGRADE(Reshape, 5) {
  u.set_input(1, u.integers(u.take<Integers>("shape").value_or(Integers{})));
}

MICA_UPGRADE(Slice, 10) {
  const auto starts = u.take<Integers>("starts"), ends = u.take<Integers>("ends"), axes = u.take<Integers>("axes");
  if (!starts || !ends) u.refuse("it has no starts or no ends");
  u.set_input(1, u.integers(*starts));
  u.set_input(2, u.integers(*ends));
  if (axes) u.set_input(3, u.integers(*axes));
}

// The sizes of the parts could be an input in version 1, are an attribute from 2 on and an input again from 13 on.
MICA_UPGRADE(Split, 2) {
  if (!u.has_input(1)) return;
  u.set("split", u.content_integers(1));
  u.erase_input(1);
}

MICA_UPGRADE(Split, 13) {
  if (const auto sizes = u.take<Integers>("split")) u.set_input(1, u.integers(*sizes));
}

MICA_UPGRADE(Split, 18) {
  if (!u.has_input(1)) u.set("num_outputs", static_cast<int64_t>(u.node().outputs.size()));
}

// Was given how often along which axis.
MICA_UPGRADE(Tile, 6) {
  const Integers times = u.content_integers(1), along = u.content_integers(2);
  if (times.size() != 1 || along.size() != 1) u.refuse("tiles or axis is not one number");
  const int64_t axis = along[0], rank = static_cast<int64_t>(u.dims(0).size());
  if (axis < 0 || axis >= rank) u.refuse("axis " + std::to_string(axis) + " is none of the " + std::to_string(rank));
  Integers repeats(static_cast<size_t>(rank), 1);
  repeats[static_cast<size_t>(axis)] = times[0];
  u.erase_input(2);
  u.set_input(1, u.integers(repeats));
}

MICA_UPGRADE(TopK, 10) {
  const auto k = u.take<int64_t>("k");
  if (!k) u.refuse("it has no k");
  u.set_input(1, u.integers({*k}));
}

// Goes on under another name.
MICA_UPGRADE(Scatter, 11) {
  u.become("ScatterElements");
}

}  // namespace mica
