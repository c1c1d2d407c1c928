// What ElementwiseChain, mica 1, is given: a program of elementwise operators, resolved.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "graph/element_program.h"
#include "graph/op_def.h"

namespace mica {

struct ElementwiseChain {
  static constexpr int kOutput = -1;

  /// One operator. Values are numbered as in ElementProgram: inputs, then results.
  struct Member {
    const OpDef* def = nullptr;
    Params params;
    KernelFn run = nullptr;  ///< for blocks
    size_t count = 0;
    std::array<int, ElementProgram::kMaxOperands> operands{};
    std::array<DType, ElementProgram::kMaxOperands> types{};  ///< of them, as they are computed with
    DType result = DType::Undefined;
    int temporary = kOutput;  ///< where the result goes: a block of its own, or the output itself
  };

  std::string program;
  ElementProgram parsed;  ///< of it
  std::vector<Member> members;
  int temporaries = 0;
  int64_t cost = 0;   ///< time per element, relative to an addition
  size_t widest = 1;  ///< bytes of the widest element among inputs and results, as they are computed with
};

class Operands;  // kernels/operands.h

/// Computes the output block by block, each operator's loop over one after the other.
void run_chain(const ElementwiseChain& chain, const Operands& io);

/// Bytes of an element within the chain.
inline size_t computed_width(DType dtype) {
  return static_cast<size_t>(bit_width(computed_type(dtype))) / 8;
}

}  // namespace mica
