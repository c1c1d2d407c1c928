// How elementwise operators, whose one output has the dims that their inputs broadcast to, compute on blocks that are
// in a cache: as kernels for the device "block", one after the other in a chain (kernels/elementwise/chain.h).
#pragma once

#include <array>
#include <cstdint>

#include "graph/element_program.h"
#include "kernels/op.h"

namespace mica {

/// y[i] = f(in[0][i], in[1][i], ...) for i < n. Elements are side by side; narrow floats are floats here. `y` may be
/// any of the inputs that are as wide. A kernel for blocks is given this in the place of what it has packed, and no
/// operands.
struct ElementBlock {
  std::array<const void*, ElementProgram::kMaxOperands> in{};  ///< null for an absent input
  std::array<DType, ElementProgram::kMaxOperands> types{};
  uint32_t repeated = 0;  ///< bits of the inputs, never of all, of which element 0 is meant each time
  void* y = nullptr;
  int64_t n = 0;

  bool repeats(size_t input) const { return (repeated >> input & 1) != 0; }
  template <class T>
  const T* data(size_t input) const {
    return static_cast<const T*>(in[input]);
  }
};

/// The definition with a kernel for blocks, void run(const T&, const ElementBlock&), of inputs that `accepts` takes.
template <class T, auto run>
OpDef* with_blocks(OpDef* def, AcceptFn accepts) {
  const KernelFn run_block = [](const void* params, const Operands& io) {
    run(*static_cast<const T*>(params), *io.packed<ElementBlock>());
  };
  return add_kernel(def, ElementProgram::kDevice, "loop", run_block, accepts);
}

/// For `accepts`, of operators whose first input is of one of these types: why another is refused.
std::string refusal_in_blocks(DTypeSet types, std::span<const ValueType> inputs);
std::string takes_floats_in_blocks(const void*, std::span<const ValueType> inputs);

}  // namespace mica
