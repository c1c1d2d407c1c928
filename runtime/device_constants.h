// Weights on a device.
#pragma once

#include <span>

#include "runtime/plan.h"

namespace mica {

class Device;

/// Copies the constants of slots on the device there, in the form that their kernels want, to one block of memory that
/// these slots share from then on.
void upload_constants(Device& device, std::span<Slot> slots);

}  // namespace mica
