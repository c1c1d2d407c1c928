// Softmax: every vector loop of every instruction set this CPU has against the plain loops in double.
#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "kernels/simd/isa.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> numbers(int64_t count, float deviation) {
  std::mt19937 random(1);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

struct Case {
  int64_t n, stride, columns;
};
// Rows, columns of all widths about the vector's, columns that are part of longer rows.
const Case kCases[] = {{1, 1, 1}, {5, 1, 1}, {16, 1, 1},  {31, 1, 1},   {128, 1, 1},  {3000, 1, 1},
                       {7, 3, 3}, {9, 8, 8}, {4, 17, 17}, {12, 70, 64}, {33, 40, 33}, {5, 64, 64}};

TEST(Softmax, MatchesDouble) {
  for (const auto& [isa, table] : runnable(softmax_kernels_all())) {
    for (const Case& c : kCases) {
      for (const float deviation : {0.01f, 3.0f, 30.0f}) {
        const auto x = numbers(c.n * c.stride, deviation);
        std::vector<float> y(x.size(), -7), log_y(x.size(), -7);
        const std::vector<double> xd(x.begin(), x.end());
        std::vector<double> yd(x.size(), -7), log_yd(x.size(), -7);
        table->f32.softmax(x.data(), y.data(), c.n, c.stride, c.columns);
        table->f32.log_softmax(x.data(), log_y.data(), c.n, c.stride, c.columns);
        softmax_loop<double, SoftmaxKind::Plain>()(xd.data(), yd.data(), c.n, c.stride, c.columns);
        softmax_loop<double, SoftmaxKind::Log>()(xd.data(), log_yd.data(), c.n, c.stride, c.columns);
        for (size_t i = 0; i < x.size(); ++i) {
          // Rounding the argument of exp, up to 10 deviations, makes a relative error as large as its own rounding.
          ASSERT_NEAR(y[i], yd[i], (1e-6 + 1.2e-7 * 10 * deviation) * std::abs(yd[i]) + 0x1p-148)
              << isa << " " << c.n << " at " << i;
          ASSERT_NEAR(log_y[i], log_yd[i], 1e-6 + 1.5e-7 * std::abs(log_yd[i])) << isa << " " << c.n << " at " << i;
        }
      }
    }
  }
}

TEST(Softmax, InPlaceAndInfinities) {
  for (const auto& [isa, table] : runnable(softmax_kernels_all())) {
    std::vector<float> x = {1, -kInfinity, 1, -kInfinity, -kInfinity};
    table->f32.softmax(x.data(), x.data(), 5, 1, 1);
    EXPECT_EQ(x, (std::vector<float>{0.5f, 0, 0.5f, 0, 0})) << isa;
    std::vector<float> nothing(11, -kInfinity), some = {0, 1, std::nanf(""), 3};
    table->f32.softmax(nothing.data(), nothing.data(), 11, 1, 1);
    for (const float v : nothing) EXPECT_TRUE(std::isnan(v)) << isa;
    table->f32.softmax(some.data(), some.data(), 2, 2, 2);  // only the column with the NaN
    EXPECT_FALSE(std::isnan(some[1]) || std::isnan(some[3])) << isa;
    EXPECT_TRUE(std::isnan(some[0]) && std::isnan(some[2])) << isa;
  }
}

TEST(Softmax, NarrowElementsAreSummedInFloat) {
  const std::vector<BFloat16> x(4000, BFloat16(2.0f));
  for (const auto& [isa, table] : runnable(softmax_kernels_all())) {
    std::vector<BFloat16> y(x.size());
    table->bf16.softmax(stored(x.data()), stored(y.data()), 4000, 1, 1);
    for (const BFloat16 v : y) ASSERT_EQ(float{v}, float{BFloat16(1.0f / 4000)}) << isa;
    table->bf16.softmax(stored(x.data()), stored(y.data()), 40, 100, 100);
    for (const BFloat16 v : y) ASSERT_EQ(float{v}, float{BFloat16(1.0f / 40)}) << isa;
  }
}

TEST(Softmax, FlattensBeforeVersion13) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {0, 0, 0, 0});
  const auto old = run_op({"Softmax", 11}, {x});
  const auto y = run_op({"Softmax", 13}, {x});
  EXPECT_EQ(old[0].tensor.as<float>()[0], 0.25f);
  EXPECT_EQ(y[0].tensor.as<float>()[0], 0.5f);
  EXPECT_EQ(run_op({"Softmax", 13}, {Tensor(DType::F32, {3, 0})})[0].tensor.elements(), 0);
}

}  // namespace
}  // namespace mica
