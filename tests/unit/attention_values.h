// Inputs and comparisons for tests of attention operators.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {

/// Element i is ((7 i + seed) mod 11 - 5) / 4.
template <class T = float>
Tensor pattern(const Shape& shape, int64_t seed) {
  Tensor tensor(dtype_of<T>, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    tensor.mutable_data<T>()[i] = T(static_cast<float>((7 * i + seed) % 11 - 5) / 4);
  }
  return tensor;
}

inline std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> result;
  visit_dtype<float, double, Half, BFloat16>(tensor.dtype(), [&]<class T>() {
    for (const T x : tensor.as<T>()) result.push_back(static_cast<double>(x));
  });
  return result;
}

inline void expect_near(const Datum& actual, const std::vector<double>& expected, double tolerance = 2e-6) {
  const auto values = numbers(actual.tensor);
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == expected[i]) continue;  // infinities too
    EXPECT_NEAR(values[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << "element " << i;
  }
}

}  // namespace mica
