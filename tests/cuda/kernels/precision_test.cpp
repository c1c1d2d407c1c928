// Products with constant weights in bfloat16 and tf32, against sums in double of operands rounded to that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "backends/backend.h"
#include "kernels/device_kernel.h"
#include "runtime/base/half.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

std::vector<float> random_values(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000;
  return values;
}

std::string as_text(const std::vector<float>& values) {
  std::string text = "[";
  for (const float value : values) text += (text.size() > 1 ? "," : "") + std::to_string(value);
  return text + "]";
}

struct Size {
  int64_t m, n, k;
};

// Runs a product on the device in a precision, and gives each element to `check` with both operands' numbers.
template <class Check>
void multiply(const Size& size, Precision precision, Check&& check) {
  const auto [m, n, k] = size;
  const auto a = random_values(m * k, 1), b = random_values(k * n, 2);
  const auto dims = [](int64_t rows, int64_t columns) {
    return "[" + std::to_string(rows) + "," + std::to_string(columns) + "]";
  };
  const Model model = model_from_text("graph g(a: float" + dims(m, k) + ") -> (y) opset 20 {\n b: float" + dims(k, n) +
                                          " = " + as_text(b) + "\n y = MatMul(a, b)\n}",
                                      false);
  std::optional<Session> session;
  try {
    session = model.compile({.device = MICA_TEST_DEVICE, .precision = precision});
  } catch (const Error& error) {
    GTEST_SKIP() << "skipped: " << error.what();
  }
  const Plan& plan = session->plan();
  if (plan.device()->info().capability < 80) GTEST_SKIP() << "skipped: no such products";
  ASSERT_TRUE(std::ranges::any_of(plan.steps(), [&](const Step& step) {
    return step.device_kernel != nullptr && step.device_kernel->name == name(precision);
  }));
  const Outputs& outputs = session->run({{"a", Tensor::of<float>(Shape{m, k}, a)}});
  const auto y = outputs[0].as<float>();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      std::vector<float> row, column;
      for (int64_t l = 0; l < k; ++l) {
        row.push_back(a[static_cast<size_t>(i * k + l)]);
        column.push_back(b[static_cast<size_t>(l * n + j)]);
      }
      ASSERT_NO_FATAL_FAILURE(check(y[static_cast<size_t>(i * n + j)], row, column)) << i << ", " << j;
    }
  }
}

class PreciseProducts : public testing::TestWithParam<Size> {};
TEST_P(PreciseProducts, OfBrainFloatsSumInFloat) {
  multiply(GetParam(), Precision::BFloat16,
           [](float y, const std::vector<float>& row, const std::vector<float>& column) {
             double sum = 0, size = 0;
             for (size_t i = 0; i < row.size(); ++i) {
               const double term = static_cast<double>(BFloat16(row[i])) * static_cast<double>(BFloat16(column[i]));
               sum += term;
               size += std::abs(term);
             }
             ASSERT_NEAR(y, sum, 1e-6 * size + 1e-7);
           });
}
TEST_P(PreciseProducts, InTf32AreNear) {
  multiply(GetParam(), Precision::TensorFloat,
           [](float y, const std::vector<float>& row, const std::vector<float>& column) {
             double sum = 0, size = 0;
             for (size_t i = 0; i < row.size(); ++i) {
               const double term = static_cast<double>(row[i]) * static_cast<double>(column[i]);
               sum += term;
               size += std::abs(term);
             }
             ASSERT_NEAR(y, sum, tolerance::kTf32 * size + 1e-7);
           });
}
std::string name_of(const testing::TestParamInfo<Size>& info) {
  return std::to_string(info.param.m) + "_" + std::to_string(info.param.n) + "_" + std::to_string(info.param.k);
}
INSTANTIATE_TEST_SUITE_P(, PreciseProducts,
                         testing::Values(Size{20, 24, 40}, Size{5, 7, 33}, Size{1, 64, 40}, Size{2, 33, 60}), name_of);

}  // namespace
}  // namespace mica
