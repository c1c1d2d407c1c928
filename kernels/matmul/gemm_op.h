// What Gemm and Linear are given.
#pragma once

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/layer_activation.h"
#include "runtime/base/shape.h"

namespace mica {

struct Gemm {
  float alpha = 1, beta = 1;
  bool trans_a = false, trans_b = false;
};

struct Linear : Gemm, LayerActivation {};

/// Operands as they are multiplied: strides of rows and columns in elements.
struct GemmSides {
  int64_t m, n, k;
  int64_t a_row, a_column, b_row, b_column;
};

/// Throws when A and B are no matrices, or do not fit each other.
GemmSides gemm_sides(const Gemm& op, const Shape& a, const Shape& b);

}  // namespace mica
