// Operators over sequences: recurrent layers, Scan, DFT.
#include "graph/upgrade.h"

namespace mica {

// All outputs are there for whoever uses them.
MICA_UPGRADE(GRU, 7) {
  u.take<int64_t>("output_sequence");
}
MICA_UPGRADE(LSTM, 7) {
  u.take<int64_t>("output_sequence");
}
MICA_UPGRADE(RNN, 7) {
  u.take<int64_t>("output_sequence");
}

// Runs over one sequence. In version 8 over each of a batch, of which each may end early: of a batch of one, the axis
// of the batch is taken away and added again.
MICA_UPGRADE(Scan, 9) {
  if (u.has_input(0)) u.refuse("its sequences may end early");
  for (size_t i = 1; i < u.node().formal_inputs; ++i) {
    const Dims& dims = u.dims(i);
    if (dims.empty() || !dims[0].is(1)) u.refuse("it runs over a batch of sequences that may be more than one");
  }
  const Attributes first_axis{{"axes", std::vector<int64_t>{0}}};
  for (size_t i = 1; i < u.node().formal_inputs; ++i) {
    u.set_input(i, u.add("Squeeze", {u.node().inputs[i]}, first_axis));
  }
  u.erase_input(0);
  for (size_t i = 0; i < u.node().outputs.size(); ++i) {
    if (u.wants(i)) u.add_behind(i, "Unsqueeze", {}, first_axis);
  }
  if (const auto directions = u.take<std::vector<int64_t>>("directions")) u.set("scan_input_directions", *directions);
}

// The axis is an input, and another one by default.
MICA_UPGRADE(DFT, 20) {
  u.set_input(2, u.constant(Tensor::scalar(u.take<int64_t>("axis").value_or(1))));
}

}  // namespace mica
