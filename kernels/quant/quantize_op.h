// Parameters of operators that quantise.
#pragma once

#include "graph/op_def.h"

namespace mica {

struct QuantizeLinear {
  int64_t axis = 1, block_size = 0;
  bool saturate = true;
  DType output_dtype = DType::Undefined, precision = DType::Undefined;
  DTypeSet outputs;
};

struct DequantizeLinear {
  int64_t axis = 1, block_size = 0;
  DType output_dtype = DType::Undefined;
};

struct QGemm {
  enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kC, kYScale, kYZero };

  float alpha = 1;
  bool trans_a = false, trans_b = false;
};

}  // namespace mica
