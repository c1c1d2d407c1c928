// Layer and RMS normalisation of the rows of a tensor: what LayerNormalization, RMSNormalization and the Skip*
// operators share.
#pragma once

#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {

/// Y = (X - mean) / sqrt(variance + epsilon) * scale + bias per row, or with `rms` X / sqrt(mean(X^2) + epsilon) *
/// scale
template <class T>
struct RowNorm {
  int64_t rows = 0, width = 0;
  bool rms = false;
  float epsilon = 1e-5f;
  const T* scale = nullptr;             ///< null: 1
  const T* bias = nullptr;              ///< null: 0
  int64_t scale_row = 0, bias_row = 0;  ///< elements between the rows of scale and bias; 0: all rows have the same
  T* mean = nullptr;                    ///< one a row; may be null
  T* inverse_deviation = nullptr;       ///< one a row; may be null
};

/// y may be x.
template <class T>
void normalize_rows(ThreadPool& threads, const RowNorm<T>& norm, const T* x, T* y);

/// Scale or bias, broadcast to the dims of X.
template <class T>
struct RowOperand {
  const T* data = nullptr;
  int64_t row = 0;
};

/// Operand `input` as rows of `width` for an X of this shape: as it is where its dims are the row's, else expanded in
/// scratch. Null data when the input is absent.
template <class T>
RowOperand<T> row_operand(const Operands& io, size_t input, const Shape& x, int64_t width);

}  // namespace mica
