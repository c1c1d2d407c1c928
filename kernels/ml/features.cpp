#include "kernels/ml/features.h"

#include "kernels/wide_numbers.h"

namespace mica {

FeatureRows::FeatureRows(const Tensor& x) : tensor(&x) {
  const Shape& shape = x.shape();
  if (shape.rank() != 1 && shape.rank() != 2) bad_input("the input must be [N,F] or [F], not " + x.str());
  count = shape.rank() == 2 ? shape[0] : 1;
  width = shape.back();
}

void read_features(const Tensor& x, int64_t first, int64_t n, double* features) {
  widen_numbers(x.dtype(), x.data<std::byte>() + first * (bit_width(x.dtype()) / 8), DType::F64, features, n);
}

void FeatureRows::read(int64_t row, double* features) const {
  read_features(*tensor, row * width, width, features);
}

Dim feature_row_count(const InferContext& ctx, size_t input) {
  const Dims* dims = ctx.dims(input);
  if (dims == nullptr) return ctx.unknown();
  if (dims->size() != 1 && dims->size() != 2) ctx.fail("the input must be [N,F] or [F], not " + str(*dims));
  return dims->size() == 2 ? dims->front() : Dim(1);
}

}  // namespace mica
