// Inputs of products of bytes.
#pragma once

#include "kernels/operands.h"
#include "runtime/base/concat.h"

namespace mica {

struct MatMulIntegerToFloat {
  enum Input : size_t { kA, kB, kAScale, kBScale, kAZero, kBZero, kBias };
};
struct DynamicQuantizeMatMul {
  enum Input : size_t { kA, kB, kBScale, kBZero, kBias };
};

/// Where, of an addend that broadcasts to m x n, element (i, j) lies: at i * row + j * column.
struct AddendLayout {
  int64_t row, column;
};
inline AddendLayout addend_layout(const Shape& shape, int64_t m, int64_t n) {
  const int64_t columns = shape.rank() > 0 ? shape.back() : 1;
  const int64_t rows = shape.rank() > 1 ? shape[shape.rank() - 2] : 1;
  if ((columns != n && columns != 1) || (rows != m && rows != 1) || shape.elements() != rows * columns) {
    throw_error(ErrorCode::InvalidArgument, {"C ", shape, " does not broadcast to [", m, ",", n, "]"});
  }
  return {rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
}

}  // namespace mica
