#include "kernels/ml/features.h"

#include <algorithm>

namespace mica {

FeatureRows::FeatureRows(const Tensor& x) : tensor(&x) {
  const Shape& shape = x.shape();
  if (shape.rank() != 1 && shape.rank() != 2) bad_input("the input must be [N,F] or [F], not " + x.str());
  count = shape.rank() == 2 ? shape[0] : 1;
  width = shape.back();
}

void FeatureRows::read(int64_t row, double* features) const {
  visit_dtype<float, double, int32_t, int64_t>(tensor->dtype(), [&]<class T>() {
    const T* from = tensor->data<T>() + row * width;
    std::transform(from, from + width, features, [](T value) { return static_cast<double>(value); });
  });
}

Dim feature_row_count(const InferContext& ctx, size_t input) {
  const Dims* dims = ctx.dims(input);
  if (dims == nullptr) return ctx.unknown();
  if (dims->size() != 1 && dims->size() != 2) ctx.fail("the input must be [N,F] or [F], not " + str(*dims));
  return dims->size() == 2 ? dims->front() : Dim(1);
}

}  // namespace mica
