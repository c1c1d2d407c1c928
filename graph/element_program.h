// Elementwise operators in a row, as the text that ElementwiseChain of this build's own domain has for an attribute:
//
//   x0: float, x1: float; t0 = Mul:14(x0, x1); t1 = Clip:13(t0, _, x2); t2 = com.microsoft.QuickGelu:1(t1) {alpha=1.0}
//
// The inputs with their element types, then a step for each operator, with its version: inputs are called x0, x1 ...,
// results t0, t1 ..., and what is absent `_`. The result of the last step is that of the whole.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace mica {

struct ElementProgram {
  static constexpr std::string_view kOperator = "ElementwiseChain", kAttribute = "program";
  static constexpr int kAbsent = -1;
  static constexpr size_t kMaxInputs = 16, kMaxSteps = 16, kMaxOperands = 4;  ///< the last of a step
  /// The operators of a program are elementwise ones with kernels for this device, for inputs of `computed_type`.
  static constexpr const char* kDevice = "block";

  struct Step {
    std::string domain, op_type;
    int64_t opset = 0;
    Attributes attributes;      ///< whole numbers, floats and texts only: see `has_text`
    std::vector<int> operands;  ///< inputs, from 0 on, then results; or kAbsent
  };

  std::vector<DType> inputs;
  std::vector<Step> steps;

  /// Throws InvalidModel for what is no program, or is longer than the bounds allow.
  static ElementProgram parse(std::string_view text);
  std::string str() const;

  /// Whether an attribute can be part of a program.
  static bool has_text(const Attribute& attribute);
};

/// The type that elements have within a chain: float for the narrower floats.
constexpr DType computed_type(DType dtype) {
  return dtype == DType::F16 || dtype == DType::BF16 ? DType::F32 : dtype;
}

/// The operator's kernel for blocks of inputs of these types, Undefined for absent ones; null where it has none.
const Kernel* block_kernel(const OpDef& def, const void* params, std::span<const DType> inputs);

/// Puts the operators of each chain in its place, but where it `stays`. Bodies of nodes are left as they are.
void expand_chains(Graph& graph, const OpTable& operators, const std::function<bool(const Node& chain)>& stays);

}  // namespace mica
