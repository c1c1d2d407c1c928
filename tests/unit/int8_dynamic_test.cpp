// Products of floats computed with 8-bit integers, on every instruction set this CPU has, against double: no further
// off than the roundings of weights and rows allow.
#include "kernels/quant/int8_dynamic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/simd/isa.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

struct Case {
  int64_t m, n, k;
  bool transposed;
};

std::vector<float> random_floats(int64_t count, float shift, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value(shift, 1);
  std::vector<float> result(static_cast<size_t>(count));
  for (float& x : result) x = value(random);
  return result;
}

void check(const Case& c) {
  const std::vector<float> a = random_floats(c.m * c.k, 0.5f, 1), w = random_floats(c.k * c.n, 0, 2);
  const std::vector<float> bias = random_floats(c.n, 0, 3), residual = random_floats(c.m * c.n, 0, 4);
  const auto weight = [&](int64_t p, int64_t j) {
    return w[static_cast<size_t>(c.transposed ? j * c.k + p : p * c.n + j)];
  };
  const Tensor matrix = Tensor::of<float>(c.transposed ? Shape{c.n, c.k} : Shape{c.k, c.n}, std::span<const float>(w));
  const auto weights = Int8Weights::make(&matrix, c.transposed);
  std::vector<float> y(static_cast<size_t>(c.m * c.n), NAN);
  Product product{c.m, c.n, c.k};
  product.c = y.data();
  product.c_row = c.n;
  product.epilogue.alpha = 0.5f;
  product.epilogue.addends[0] = {bias.data(), 0, 1, 2};
  product.epilogue.addends[1] = {residual.data(), c.n, 1};
  product.epilogue.activation = Epilogue::Activation::Relu;
  Workspace workspace;
  ThreadPool threads(2);
  const Operands::Context context{&workspace, &threads, nullptr};
  gemm_int8(Operands({}, {}, nullptr, context), a.data(), *weights, product);

  for (int64_t i = 0; i < c.m; ++i) {
    float low = 0, high = 0;
    for (int64_t p = 0; p < c.k; ++p) {
      low = std::min(low, a[static_cast<size_t>(i * c.k + p)]);
      high = std::max(high, a[static_cast<size_t>(i * c.k + p)]);
    }
    const double a_half = static_cast<double>(high - low) / 255 / 2;
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = 0, most = 0, error = 0;
      for (int64_t p = 0; p < c.k; ++p) most = std::max(most, std::abs(static_cast<double>(weight(p, j))));
      const double w_half = most / 127 / 2;
      for (int64_t p = 0; p < c.k; ++p) {
        const double x = a[static_cast<size_t>(i * c.k + p)], v = weight(p, j);
        sum += x * v;
        // Twice half a step for the row: its ends may be cut off by as much as the zero point was rounded.
        error += std::abs(x) * w_half + 2 * a_half * (std::abs(v) + w_half);
      }
      const double exact = 0.5 * sum + 2 * static_cast<double>(bias[static_cast<size_t>(j)]) +
                           residual[static_cast<size_t>(i * c.n + j)];
      ASSERT_NEAR(y[static_cast<size_t>(i * c.n + j)], std::max(exact, 0.0), 0.5 * error * 1.001 + 1e-5)
          << c.m << "x" << c.n << "x" << c.k << " at " << i << "," << j;
    }
  }
}

TEST(Int8Dynamic, WithinTheRoundingsOfItsOperands) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    for (const Case& c :
         std::vector<Case>{{1, 1, 1, false}, {1, 70, 33, true}, {5, 300, 64, false}, {30, 17, 7, true}}) {
      check(c);
    }
  }
}

TEST(Int8Dynamic, ZeroWeightsAndRows) {
  const std::vector<float> nothing(64, 0.0f);
  const Tensor matrix = Tensor::of<float>({8, 8}, std::span<const float>(nothing));
  const auto weights = Int8Weights::make(&matrix, false);
  std::vector<float> y(16, NAN);
  Product product{2, 8, 8};
  product.c = y.data();
  product.c_row = 8;
  Workspace workspace;
  ThreadPool threads(1);
  const Operands::Context context{&workspace, &threads, nullptr};
  gemm_int8(Operands({}, {}, nullptr, context), nothing.data(), *weights, product);
  for (const float value : y) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace mica
