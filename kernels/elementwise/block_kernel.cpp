#include "kernels/elementwise/block_kernel.h"

#include "runtime/base/concat.h"

namespace mica {

std::string refusal_in_blocks(DTypeSet types, std::span<const ValueType> inputs) {
  return types.contains(inputs[0].dtype) ? "" : concat({"computes ", types, " in blocks"});
}

std::string takes_floats_in_blocks(const void*, std::span<const ValueType> inputs) {
  return refusal_in_blocks(types::f32, inputs);
}

}  // namespace mica
