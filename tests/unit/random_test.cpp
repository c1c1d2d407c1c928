// Random numbers: known answers of the generator, distributions, seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/random/generator.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

// Of the key and the counter of zeros and of ones: known answers of the Random123 library for philox4x32-10.
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox(0, 0), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

std::vector<double> floats(const Datum& datum) {
  std::vector<double> result;
  visit_dtype<float, double, Half, BFloat16, int32_t, int64_t, bool>(datum.tensor.dtype(), [&]<class T>() {
    for (const T value : datum.tensor.as<T>()) result.push_back(static_cast<double>(value));
  });
  return result;
}

struct Moments {
  double mean = 0, variance = 0, low = 1e9, high = -1e9;
};

Moments moments(const std::vector<double>& x) {
  Moments m;
  for (const double v : x) {
    m.mean += v / static_cast<double>(x.size());
    m.low = std::min(m.low, v);
    m.high = std::max(m.high, v);
  }
  for (const double v : x) m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(x.size());
  return m;
}

const Attribute kManyDims = std::vector<int64_t>{50000};
// Five deviations of a mean of 50,000 numbers, times that of one number.
constexpr double kMeanError = 5 / 223.0;

TEST(Random, NormalAndUniformHaveTheirMoments) {
  const Moments normal = moments(floats(
      run_op({"RandomNormal", 22, {{"shape", kManyDims}, {"mean", 3.0f}, {"scale", 2.0f}, {"seed", 1.0f}}}, {})[0]));
  EXPECT_NEAR(normal.mean, 3, 2 * kMeanError);
  EXPECT_NEAR(normal.variance, 4, 4 * 1.5 * kMeanError);
  const Moments uniform = moments(floats(
      run_op({"RandomUniform", 22, {{"shape", kManyDims}, {"low", -1.0f}, {"high", 5.0f}, {"seed", 1.0f}}}, {})[0]));
  EXPECT_NEAR(uniform.mean, 2, 1.8 * kMeanError);
  EXPECT_NEAR(uniform.variance, 3, 3 * kMeanError);
  EXPECT_GE(uniform.low, -1);
  EXPECT_LE(uniform.high, 5);
}

TEST(Random, SeedsRepeatAndOthersDoNot) {
  const auto draw = [](std::optional<float> seed) {
    Attributes attributes = {{"shape", std::vector<int64_t>{8}}, {"dtype", int64_t{11}}};
    if (seed) attributes["seed"] = *seed;
    return floats(run_op({"RandomNormal", 22, attributes}, {})[0]);
  };
  EXPECT_EQ(draw(2.5f), draw(2.5f));
  EXPECT_NE(draw(2.5f), draw(2.75f));
  EXPECT_NE(draw({}), draw({}));
  for (const char* op : {"RandomNormal", "RandomUniformLike", "Bernoulli", "Multinomial"}) {
    EXPECT_TRUE(operators().find("", op, 22)->def().impure) << op;
  }
}

TEST(Random, LikeTakesTheTypeAndDimsOfItsInput) {
  const auto y = run_op({"RandomUniformLike", 22}, {Tensor(DType::F16, {2, 3})});
  EXPECT_EQ(y[0].tensor.str(), "float16[2,3]");
  const auto of_ints = run_op({"RandomNormalLike", 22, {{"dtype", int64_t{16}}}}, {Tensor(DType::I64, {2})});
  EXPECT_EQ(of_ints[0].tensor.str(), "bfloat16[2]");
  EXPECT_THROW(run_op({"RandomNormalLike", 22}, {Tensor(DType::I64, {2})}), Error);
}

TEST(Random, Bernoulli) {
  std::vector<float> p(50000, 0.3f);
  p[0] = 0;
  p[1] = 1;
  const auto y = floats(run_op({"Bernoulli", 22, {{"dtype", int64_t{9}}}}, {Tensor::view<float>({50000}, p)})[0]);
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[1], 1);
  EXPECT_NEAR(moments(y).mean, 0.3, 0.46 * kMeanError);
}

TEST(Random, Multinomial) {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = Tensor::of<float>({2, 3}, {std::log(0.2f), -inf, std::log(0.6f), -inf, 1e30f, -inf});
  const auto y = floats(run_op({"Multinomial", 22, {{"sample_size", int64_t{50000}}}}, {x})[0]);
  const std::vector<double> first(y.begin(), y.begin() + 50000);
  EXPECT_NEAR(moments(first).mean, 1.5, 0.9 * kMeanError);  // 0 for a quarter, 2 for the others
  for (size_t i = 0; i < y.size(); ++i) ASSERT_TRUE(i < 50000 ? y[i] != 1 : y[i] == 1);
  EXPECT_THROW(run_op({"Multinomial", 22}, {Tensor::of<float>({1, 2}, {-inf, -inf})}), Error);
  EXPECT_THROW(run_op({"Multinomial", 22}, {Tensor(DType::F32, {1, 0})}), Error);
}

}  // namespace
}  // namespace mica
