// Gated of the engine's own domain: a function of the first half of each row, times the second half.
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

double silu(double x) {
  return x / (1 + std::exp(-x));
}
double gelu(double x) {
  return x * std::erfc(-x / std::sqrt(2.0)) / 2;
}
double gelu_tanh(double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

OpCall gated(const std::string& activation) {
  return {"Gated", 1, {{"activation", activation}}, 1, "mica"};
}

// Results are below 4 in magnitude: the distance of neighbours there.
double tolerance_of(DType dtype) {
  return dtype == DType::F64 ? 1e-14 : dtype == DType::F32 ? 2e-6 : dtype == DType::F16 ? 2e-3 : 1.6e-2;
}

TEST(Gated, IsAFunctionOfOneHalfTimesTheOther) {
  const std::pair<const char*, double (*)(double)> functions[] = {
      {"silu", silu}, {"gelu", gelu}, {"gelu_tanh", gelu_tanh}};
  const int64_t rows = 6, width = 37;
  for (const DType dtype : {DType::F32, DType::F64, DType::F16, DType::BF16}) {
    Tensor x(dtype, {2, 3, 2 * width});
    visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
      T* to = x.mutable_data<T>();
      for (int64_t i = 0; i < x.elements(); ++i) to[i] = static_cast<T>(2 * std::sin(0.37f * static_cast<float>(i)));
      for (const auto& [name, f] : functions) {
        const Tensor y = run_op(gated(name), {x})[0].tensor;
        ASSERT_EQ(y.shape(), (Shape{2, 3, width}));
        for (int64_t i = 0; i < rows * width; ++i) {
          const T* row = to + i / width * 2 * width;
          const double wanted = f(static_cast<double>(row[i % width])) * static_cast<double>(row[width + i % width]);
          ASSERT_NEAR(static_cast<double>(y.data<T>()[i]), wanted, tolerance_of(dtype)) << name << " " << i;
        }
      }
    });
  }
}

TEST(Gated, InfersDimsAndRefusesWhatDoesNotDivide) {
  const Dim b = Dim::symbol("b"), s = Dim::symbol("s");
  EXPECT_EQ(*infer_op(gated("silu"), {tensor_input(DType::F32, {b, s, 40})})[0].type.dims, (Dims{b, s, 20}));
  const Tensor odd(DType::F32, {2, 5}), empty(DType::F32, {0, 4});
  EXPECT_NE(message_of([&] { run_op(gated("silu"), {odd}); }).find("halves"), std::string::npos);
  EXPECT_NE(message_of([&] { run_op(gated("softplus"), {empty}); }).find("unknown"), std::string::npos);
  EXPECT_EQ(run_op(gated("gelu"), {empty})[0].tensor.elements(), 0);
}

}  // namespace
}  // namespace mica
