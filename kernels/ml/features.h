// Inputs of classical models: rows of features, of any of the number types that ai.onnx.ml takes.
#pragma once

#include "graph/infer_context.h"
#include "kernels/operands.h"

namespace mica {

inline constexpr DTypeSet kFeatureTypes{DType::F32, DType::F64, DType::I32, DType::I64};

/// n numbers of the tensor, from element `first` on, as doubles.
void read_features(const Tensor& x, int64_t first, int64_t n, double* features);

/// A tensor [N,F] as N rows; a vector is one row.
struct FeatureRows {
  const Tensor* tensor;
  int64_t count, width;

  /// Throws for another rank.
  explicit FeatureRows(const Tensor& x);

  /// The features of one row, as doubles.
  void read(int64_t row, double* features) const;
};

/// The number of rows that inference knows of, in the same reading; fails for another rank.
Dim feature_row_count(const InferContext& ctx, size_t input);

}  // namespace mica
