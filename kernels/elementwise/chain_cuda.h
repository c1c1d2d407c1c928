// Launcher of the CUDA kernel of ElementwiseChain.
#pragma once

#include "kernels/elementwise/elementwise_cuda.h"

namespace mica::cuda {

/// One operator of a chain. Its operands are values: the inputs, numbered from 0, then the results of the steps before.
struct ChainStep {
  enum class Kind : uint8_t {
    Unary,
    Binary,
    Where,
    Clip,   ///< to values 1 and 2, or -1 for none
    Round,  ///< to `result`
  };
  Kind kind = Kind::Unary;
  UnaryFunction unary = UnaryFunction::Identity;
  BinaryFunction binary = BinaryFunction::Add;
  Number result = Number::F32;
  int8_t operands[3] = {};
  float alpha = 0, beta = 0;  ///< of a unary function
};

/// y = the result of the last step, for floats of up to 32 bits and truth values.
struct ChainCall {
  static constexpr int kMostInputs = 8, kMostSteps = 16;

  ChainStep steps[kMostSteps];
  int step_count = 0, input_count = 0;
  const void* inputs[kMostInputs] = {};
  Number numbers[kMostInputs] = {};  ///< of the inputs
  void* y = nullptr;
  Walk<kMostInputs> walk;
};
void launch_chain(const ChainCall& call, void* stream);

}  // namespace mica::cuda
