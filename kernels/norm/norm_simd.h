// Vector loops of normalisation: rows as LayerNormalization, RMSNormalization and the Skip* operators normalise them,
// and the parts that others are made of.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// Rows of `width` elements of type T (for narrow floats: their bits). W is the type of what is computed: float, or
/// double where T is.
///   v = x, or x + skip + skip_bias
///   y = (v - mean(v)) / sqrt(variance(v) + epsilon) * scale + bias, or with `rms`
///   y = v / sqrt(mean(v^2) + epsilon) * scale + bias
template <class T, class W = float>
struct NormRows {
  const T* x;
  T* y;  ///< may be x
  int64_t width;
  bool rms;
  float epsilon;
  const W* scale;               ///< null: 1
  const W* bias;                ///< null: 0
  int64_t scale_row, bias_row;  ///< elements between the rows of scale and bias; 0: all rows have the same
  const T* skip;                ///< null: 0
  int64_t skip_rows;            ///< row i of x meets row i % skip_rows of skip
  const W* skip_bias;           ///< one row; null: 0
  T* sum;                       ///< where v goes; null: nowhere
  W* mean;                      ///< one a row; may be null
  W* inverse_deviation;         ///< one a row; may be null
};

template <class W = float>
struct NormMoments {
  W mean;
  W variance;  ///< of the whole population
};

/// Sums are taken in float lanes over blocks of kernels/simd/fold.h, and the blocks added in double; the variance of
/// differences from the mean, in a second pass. The relative error of a variance is below 1e-6, that of a mean below
/// 1e-6 of the mean magnitude.
template <class T, class W = float>
struct NormLoops {
  /// Rows [begin, end). `row`: room for one row, used where there is a skip.
  void (*rows)(const NormRows<T, W>& rows, int64_t begin, int64_t end, W* row);
  NormMoments<W> (*moments)(const T* x, int64_t n);
  /// y = (x - mean) * factor + shift. y may be x.
  void (*affine)(const T* x, T* y, int64_t n, W mean, W factor, W shift);
  /// The same with a mean, a factor and a shift for each element.
  void (*affine_each)(const T* x, T* y, int64_t n, const W* mean, const W* factor, const W* shift);
};

struct NormKernels {
  NormLoops<float> f32;
  NormLoops<uint16_t> f16, bf16;
};

const NormKernels& norm_kernels();
IsaTables<NormKernels> norm_kernels_all();

}  // namespace mica
