// Tensor maps, by the driver.
#pragma once

#include <optional>

#include "backends/cuda/tensor_layout.h"

namespace mica {

/// For copies of boxes in the order of the 128-byte swizzle, zeros outside of the tensor. nullopt where the driver
/// cannot.
std::optional<cuda::TensorMap> make_tensor_map(const cuda::TensorLayout& layout);

}  // namespace mica
