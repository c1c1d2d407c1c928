// Constants of narrow floats, widened once.
#pragma once

#include <memory>

#include "kernels/packing.h"

namespace mica {

/// For OpBuilder::prepack: a constant of a float type narrower than float, as floats; null for others and for a null
/// tensor.
std::shared_ptr<const PackedBytes> pack_widened(const Tensor* tensor);

}  // namespace mica
