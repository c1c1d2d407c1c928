#include "kernels/ml/feature_loops.h"

namespace mica {

double dot(const double* features, const float* coefficients, int64_t n) {
  double sums[4] = {};  // of every fourth product
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (int64_t j = 0; j < 4; ++j) sums[j] += features[i + j] * static_cast<double>(coefficients[i + j]);
  }
  for (; i < n; ++i) sums[0] += features[i] * static_cast<double>(coefficients[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void binarize(DType dtype, const void* x, int64_t n, float threshold, void* y) {
  visit_dtype<float, double, int32_t, int64_t>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < n; ++i) {
      const auto value = static_cast<double>(static_cast<const T*>(x)[i]);
      static_cast<T*>(y)[i] = static_cast<T>(value > static_cast<double>(threshold));
    }
  });
}

}  // namespace mica
