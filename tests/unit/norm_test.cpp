// Normalisation: every vector loop of every instruction set this CPU has against the plain loops in double, and
// operators of kernels/norm beyond what the ONNX backend tests cover.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "kernels/norm/loops.h"
#include "kernels/simd/isa.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

std::vector<float> numbers(int64_t count, float mean, float deviation, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(mean, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

const int64_t kWidths[] = {1, 3, 7, 8, 16, 31, 32, 33, 100, 768, 2049, 5000};

// In units of the deviation. The mean of float elements of size m is exact to half a unit in the last place of m.
double row_tolerance(float mean, float deviation) {
  return tolerance::kNormRow * (1 + std::abs(mean) / deviation);
}

TEST(Norm, RowsMatchDouble) {
  for (const auto& [isa, table] : runnable(norm_kernels_all())) {
    for (const int64_t width : kWidths) {
      for (const auto& [center, deviation] : {std::pair{0.0f, 1.0f}, {-3.0f, 0.5f}, {1000.0f, 1.0f}}) {
        for (const int variant : {0, 1, 2, 3, 4, 5}) {
          const bool skip = variant % 2 != 0;
          const auto x = numbers(2 * width, center, deviation, 1), other = numbers(width, 0, deviation, 2);
          const auto scale = numbers(width, 1, 0.2f, 3), bias = numbers(width, 0, 1, 4);
          std::vector<float> y(x.size()), sum(x.size()), mean(2), inverse(2), room(static_cast<size_t>(width));
          NormRows<float> rows{};
          rows.x = x.data();
          rows.y = y.data();
          rows.width = width;
          rows.rms = variant == 4;
          rows.epsilon = 1e-5f;
          rows.scale = variant > 0 ? scale.data() : nullptr;
          rows.bias = variant > 1 ? bias.data() : nullptr;
          rows.skip = skip ? other.data() : nullptr;
          rows.skip_rows = 1;
          rows.skip_bias = variant == 5 ? bias.data() : nullptr;
          rows.sum = sum.data();
          rows.mean = mean.data();
          rows.inverse_deviation = inverse.data();

          const auto xd = doubles(x), od = doubles(other), sd = doubles(scale), bd = doubles(bias);
          std::vector<double> yd(x.size()), sums(x.size()), means(2), inverses(2), room_d(static_cast<size_t>(width));
          NormRows<double, double> exact{};
          exact.x = xd.data();
          exact.y = yd.data();
          exact.width = width;
          exact.rms = rows.rms;
          exact.epsilon = rows.epsilon;
          exact.scale = rows.scale != nullptr ? sd.data() : nullptr;
          exact.bias = rows.bias != nullptr ? bd.data() : nullptr;
          exact.skip = skip ? od.data() : nullptr;
          exact.skip_rows = 1;
          exact.skip_bias = rows.skip_bias != nullptr ? bd.data() : nullptr;
          exact.sum = sums.data();
          exact.mean = means.data();
          exact.inverse_deviation = inverses.data();

          table->f32.rows(rows, 0, 2, room.data());
          norm_loops<double>().rows(exact, 0, 2, room_d.data());
          for (size_t i = 0; i < x.size(); ++i) {
            const double inverse_deviation = inverses[i / static_cast<size_t>(width)];
            // A single element has no deviation but epsilon's, which enlarges the rounding of the sum.
            const double limit = row_tolerance(center, static_cast<float>(1 / inverse_deviation)) *
                                 std::max(1.0, std::abs(exact.scale != nullptr ? exact.scale[i % sd.size()] : 1));
            ASSERT_NEAR(y[i], yd[i], limit + 1e-6 * std::abs(yd[i]))
                << isa << " width " << width << " mean " << center << " variant " << variant << " at " << i;
            if (skip) {
              ASSERT_NEAR(sum[i], sums[i], 2e-7 * (std::abs(sums[i]) + 4));
            }
          }
          for (size_t row = 0; row < 2; ++row) {
            ASSERT_NEAR(mean[row], means[row], 1.2e-7 * (std::abs(means[row]) + deviation)) << isa << " " << width;
            if (width > 1 && !skip) {
              ASSERT_NEAR(inverse[row] / inverses[row], 1, 1e-6) << isa << " " << width;
            }
          }
        }
      }
    }
  }
}

// The differences from a mean that is rounded would be as large as what they are divided by.
TEST(Norm, ConstantRowsGiveZero) {
  for (const auto& [isa, table] : runnable(norm_kernels_all())) {
    std::vector<float> x(3001, 0.1f), y(x.size());
    NormRows<float> rows{};
    rows.x = x.data();
    rows.y = y.data();
    rows.width = static_cast<int64_t>(x.size());
    rows.epsilon = 1e-12f;
    table->f32.rows(rows, 0, 1, nullptr);
    for (const float value : y) ASSERT_EQ(value, 0) << isa;
  }
}

TEST(Norm, NarrowRowsAreComputedInFloat) {
  const int64_t width = 77;
  const auto x = numbers(width, 5, 2, 7), skip = numbers(width, 0, 1, 8);
  for (const auto& [isa, table] : runnable(norm_kernels_all())) {
    std::vector<Half> narrow(x.begin(), x.end()), other(skip.begin(), skip.end()), y(x.size()), sum(x.size());
    std::vector<float> room(x.size());
    NormRows<uint16_t> rows{};
    rows.x = stored(narrow.data());
    rows.skip = stored(other.data());
    rows.skip_rows = 1;
    rows.y = stored(y.data());
    rows.sum = stored(sum.data());
    rows.width = width;
    rows.epsilon = 1e-5f;
    table->f16.rows(rows, 0, 1, room.data());
    std::vector<double> sums;
    for (size_t i = 0; i < x.size(); ++i)
      sums.push_back(static_cast<double>(narrow[i]) + static_cast<double>(other[i]));
    const auto m = plain_norm::moments<double, double>(sums.data(), width);
    for (size_t i = 0; i < x.size(); ++i) {
      const double exact = (sums[i] - m.mean) / std::sqrt(m.variance + 1e-5);
      ASSERT_EQ(float{sum[i]}, float{Half(static_cast<float>(sums[i]))}) << isa;
      ASSERT_NEAR(float{y[i]}, exact, 0x1p-11 * std::abs(exact) + 1e-6) << isa;  // half a unit in the last place
    }
  }
}

TEST(Norm, MomentsOfLongPlanes) {
  const auto x = numbers(300001, 100, 0.01f, 5);
  const auto exact = plain_norm::moments<float, double>(x.data(), static_cast<int64_t>(x.size()));
  for (const auto& [isa, table] : runnable(norm_kernels_all())) {
    const auto m = table->f32.moments(x.data(), static_cast<int64_t>(x.size()));
    EXPECT_NEAR(m.mean, exact.mean, 4e-6) << isa;
    EXPECT_NEAR(m.variance / exact.variance, 1, 1e-5) << isa;
  }
}

Tensor vector_of(std::initializer_list<float> values) {
  return Tensor::of<float>({static_cast<int64_t>(values.size())}, values);
}

std::vector<float> values(const Datum& datum) {
  const auto span = datum.tensor.as<float>();
  return {span.begin(), span.end()};
}

// Channel 0 holds 1, 3, 5, 7 (mean 4, variance 5), channel 1 ten times these.
const Tensor kPlanes = Tensor::of<float>({2, 2, 2}, {1, 3, 10, 30, 5, 7, 50, 70});

TEST(BatchNorm, TrainsBeforeVersion14WhenItHasMoreOutputs) {
  const std::vector<Tensor> inputs = {kPlanes, vector_of({1, 2}), vector_of({0, 1}), vector_of({0, 100}),
                                      vector_of({1, 1})};
  const auto y = run_op({"BatchNormalization", 9, {{"momentum", 0.5f}, {"epsilon", 0.0f}}, 5}, inputs);
  EXPECT_NEAR(values(y[0])[0], -3 / std::sqrt(5.0), 1e-6);
  EXPECT_NEAR(values(y[0])[7], 2 * 3 / std::sqrt(5.0) + 1, 1e-6);
  EXPECT_EQ(values(y[1]), (std::vector<float>{2, 70}));
  EXPECT_EQ(values(y[2]), (std::vector<float>{3, 250.5f}));
  EXPECT_EQ(values(y[3]), (std::vector<float>{4, 40}));
  EXPECT_EQ(values(y[4]), (std::vector<float>{5, 500}));
  const auto inference = run_op({"BatchNormalization", 9, {{"epsilon", 0.0f}}}, inputs);
  EXPECT_EQ(values(inference[0]), (std::vector<float>{1, 3, -179, -139, 5, 7, -99, -59}));
}

TEST(BatchNorm, EveryElementIsAChannelWhenNotSpatial) {
  const auto channels = [](std::initializer_list<float> v) { return Tensor::of<float>({2, 2}, v); };
  const auto y =
      run_op({"BatchNormalization", 7, {{"spatial", int64_t{0}}, {"epsilon", 0.0f}}},
             {kPlanes, channels({1, 1, 2, 2}), channels({0, 0, 0, 1}), channels({1, 0, 0, 0}), channels({1, 4, 1, 1})});
  EXPECT_EQ(values(y[0]), (std::vector<float>{0, 1.5f, 20, 61, 4, 3.5f, 100, 141}));
}

TEST(BatchNorm, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message_of([] {
              run_op({"BatchNormalization", 15},
                     {kPlanes, vector_of({1}), vector_of({0, 1}), vector_of({0, 1}), vector_of({1, 1})});
            }),
            "BatchNormalization: scale, B, mean or variance is float[1], the input float[2,2,2] has 2 channels");
  EXPECT_NE(message_of([] {
              run_op({"BatchNormalization", 15, {}, 3},
                     {kPlanes, vector_of({1, 1}), vector_of({0, 1}), vector_of({0, 1}), vector_of({1, 1})});
            }),
            "no error");
}

TEST(GroupNorm, ScalesGroupsInVersion18AndChannelsSince) {
  const Tensor x = Tensor::of<float>({1, 4, 1}, {1, 3, 10, 30});
  const Attributes attributes = {{"num_groups", int64_t{2}}, {"epsilon", 0.0f}};
  const auto old = run_op({"GroupNormalization", 18, attributes}, {x, vector_of({2, 3}), vector_of({0, 1})});
  EXPECT_EQ(values(old[0]), (std::vector<float>{-2, 2, -2, 4}));
  const auto y = run_op({"GroupNormalization", 21, attributes}, {x, vector_of({1, 2, 3, 4}), vector_of({0, 0, 0, 1})});
  EXPECT_EQ(values(y[0]), (std::vector<float>{-1, 2, -3, 5}));
  EXPECT_EQ(message_of([&] {
              run_op({"GroupNormalization", 21, {{"num_groups", int64_t{3}}}},
                     {x, vector_of({1, 2, 3, 4}), vector_of({0, 0, 0, 1})});
            }),
            "GroupNormalization: 4 channels are not 3 equal groups");
}

// Expected values in double, by NumPy.
TEST(GroupNorm, OfMicrosoftWithSwish) {
  const Tensor x = Tensor::of<float>({1, 2, 4}, {1, 3, 10, 30, 5, 7, 50, 70});  // channels last
  const Attributes attributes = {
      {"groups", int64_t{2}}, {"activation", int64_t{1}}, {"epsilon", 0.0f}, {"channels_last", int64_t{1}}};
  const OpCall call{"GroupNorm", 1, attributes, 1, "com.microsoft"};
  const auto y = values(run_op(call, {x, vector_of({1, 2, 1, 1}), vector_of({0, 1, 0, 0})})[0]);
  const float expected[] = {-0.278042f, 0.055570f, -0.278042f, -0.174424f, 0.272790f, 3.592954f, 0.272790f, 1.063599f};
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 2e-6) << i;
  Attributes first = attributes;
  first["channels_last"] = int64_t{0};
  const Tensor planes = Tensor::of<float>({1, 4, 2}, {1, 5, 3, 7, 10, 50, 30, 70});
  const auto z = values(run_op({"GroupNorm", 1, first, 1, "com.microsoft"},
                               {planes, vector_of({1, 2, 1, 1}), vector_of({0, 1, 0, 0})})[0]);
  for (size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], expected[i % 2 * 4 + i / 2], 2e-6) << i;
}

TEST(GroupNorm, InstancesOfHalves) {
  const Tensor x = Tensor::of<Half>({2, 1, 2}, {Half(1), Half(3), Half(100), Half(104)});
  const auto y = run_op({"InstanceNormalization", 22, {{"epsilon", 0.0f}}},
                        {x, Tensor::of<Half>({1}, {Half(2)}), Tensor::of<Half>({1}, {Half(1)})});
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(float{y[0].tensor.as<Half>()[i]}, i % 2 == 0 ? -1 : 3);
}

TEST(Lrn, SumsChannelsAbout) {
  const Tensor x = Tensor::of<float>({1, 4, 1}, {1, 2, 3, 4});
  const auto y = values(run_op({"LRN", 13, {{"size", int64_t{4}}, {"alpha", 4.0f}, {"beta", 0.5f}}}, {x})[0]);
  // Channel c sums from c - 1 to c + 2.
  const double sums[] = {1 + 4 + 9, 1 + 4 + 9 + 16, 4 + 9 + 16, 9 + 16};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], static_cast<double>(i + 1) / std::sqrt(1 + sums[i]), 1e-6) << i;
}

TEST(LpNorm, OfNothingButZerosIsZero) {
  const Tensor x = Tensor::of<double>({2, 2}, {3, 0, -4, 0});
  const Tensor result = run_op({"LpNormalization", 22, {{"axis", int64_t{0}}}}, {x})[0].tensor;
  const auto y = result.as<double>();
  EXPECT_EQ(y[0], 0.6);
  EXPECT_EQ(y[2], -0.8);
  EXPECT_EQ(y[1], 0);
  EXPECT_EQ(y[3], 0);
}

TEST(MeanVarianceNorm, OverInnerAxesAndOfBFloat16) {
  const Tensor x = Tensor::of<BFloat16>({2, 2}, {BFloat16(1), BFloat16(3), BFloat16(-2), BFloat16(6)});
  const auto y = run_op({"MeanVarianceNormalization", 13, {{"axes", std::vector<int64_t>{-1}}}}, {x});
  const auto out = y[0].tensor.as<BFloat16>();
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(float{out[i]}, i % 2 == 0 ? -1 : 1);
}

}  // namespace
}  // namespace mica
