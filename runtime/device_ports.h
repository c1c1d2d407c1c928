// Where the inputs and outputs of a plan meet its device.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/plan.h"

namespace mica {

/// A copy of an input to the device: the step, and the slot it makes there.
struct InputCopy {
  size_t step;
  uint32_t slot;
};

struct InputPort {
  std::vector<InputCopy> copies;  ///< of the input or views of it
  bool host_reads = false;        ///< steps of the host read it too
};

/// An output that the device computes.
struct OutputPort {
  static constexpr size_t kNoStep = ~size_t{0};

  size_t step = kNoStep;        ///< that copies it to the host; kNoStep: it is the host's
  uint32_t slot = Slot::kNone;  ///< on the device
  bool alone = false;           ///< no other output, no input and no constant shares the slot's memory
  bool host_reads = false;      ///< steps of the host read what was copied
};

/// One for each input of the plan, and for each output.
std::vector<InputPort> input_ports(const Plan& plan);
std::vector<OutputPort> output_ports(const Plan& plan);

}  // namespace mica
