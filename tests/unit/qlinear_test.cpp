// The quantised operators of com.microsoft that map, join and pool 8-bit numbers. Expected values by hand, of windows
// also from the definition in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/unit/infer_op.h"
#include "tests/unit/random_bytes.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

OpCall microsoft(std::string name, Attributes attributes = {}) {
  return {std::move(name), 1, std::move(attributes), 1, "com.microsoft"};
}

Tensor scale(float x) {
  return Tensor::scalar(x);
}

TEST(QLinearAdd, BroadcastsBothWays) {
  // (a - 1) * 0.5 + (b + 2) * 2, over 0.25, less 10
  const auto y =
      run_op(microsoft("QLinearAdd"), {Tensor::of<int8_t>({2, 1}, {3, -5}), scale(0.5f), Tensor::scalar<int8_t>(1),
                                       Tensor::of<int8_t>({3}, {-2, 0, 100}), scale(2), Tensor::scalar<int8_t>(-2),
                                       scale(0.25f), Tensor::scalar<int8_t>(-10)});
  EXPECT_EQ(y[0].tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(values<int8_t>(y[0]), (std::vector<int8_t>{-6, 10, 127, -22, -6, 127}));
}

TEST(QLinearMul, LongRowsAndAbsentZeroPoints) {
  std::vector<uint8_t> a(2000);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<uint8_t>(i);
  const auto y = run_op(microsoft("QLinearMul"), {Tensor::of<uint8_t>({2000}, std::span<const uint8_t>(a)),
                                                  scale(0.5f),
                                                  {},
                                                  Tensor::of<uint8_t>({1}, {5}),
                                                  scale(0.5f),
                                                  Tensor::scalar<uint8_t>(2),
                                                  scale(1),
                                                  {}});
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(y[0].tensor.as<uint8_t>()[i], std::nearbyint(a[i] * 3 * 0.25)) << i;
  }
}

TEST(QLinearUnary, EveryNumber) {
  std::vector<int8_t> x;
  for (int i = -128; i < 128; ++i) x.push_back(static_cast<int8_t>(i));
  const std::vector<Tensor> inputs = {Tensor::of<int8_t>({256}, std::span<const int8_t>(x)), scale(0.05f),
                                      Tensor::scalar<int8_t>(10), scale(1 / 256.0f), Tensor::scalar<int8_t>(-128)};
  const auto sigmoid = values<int8_t>(run_op(microsoft("QLinearSigmoid"), inputs)[0]);
  const auto leaky = values<int8_t>(run_op(microsoft("QLinearLeakyRelu", {{"alpha", 0.001f}}), inputs)[0]);
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = (x[i] - 10) * 0.05;
    EXPECT_EQ(sigmoid[i], std::min(127.0, std::nearbyint(256 / (1 + std::exp(-v))) - 128)) << v;
    EXPECT_EQ(leaky[i], std::clamp(std::nearbyint(256 * (v < 0 ? 0.001 * v : v)) - 128, -128.0, 127.0)) << v;
  }
}

TEST(QLinearConcat, RequantisesEachPart) {
  const OpCall call = microsoft("QLinearConcat", {{"axis", int64_t{-1}}});
  const auto y = run_op(call, {scale(0.5f), Tensor::scalar<uint8_t>(100), Tensor::of<uint8_t>({2, 1}, {1, 200}),
                               scale(0.5f), Tensor::scalar<uint8_t>(0), Tensor::of<uint8_t>({2, 2}, {7, 8, 9, 10}),
                               scale(2), Tensor::scalar<uint8_t>(8)});
  EXPECT_EQ(values<uint8_t>(y[0]), (std::vector<uint8_t>{101, 96, 100, 255, 104, 108}));
  const auto dims = infer_op(
      call, {tensor_input(DType::F32, {}), tensor_input(DType::U8, {}), tensor_input(DType::U8, {Dim::symbol("n"), 2}),
             tensor_input(DType::F32, {}), tensor_input(DType::U8, {}), tensor_input(DType::U8, {Dim::symbol("n"), 3}),
             tensor_input(DType::F32, {}), tensor_input(DType::U8, {})});
  EXPECT_EQ(dims[0].type, ValueType::tensor(DType::U8, Dims{Dim::symbol("n"), 5}));
  EXPECT_THROW(run_op(call, {scale(1), Tensor::scalar<uint8_t>(0), Tensor::of<uint8_t>({1}, {1}), scale(1)}), Error);
}

TEST(QLinearAveragePool, PaddingAndChannelsLast) {
  const std::vector<uint8_t> image = {10, 20, 30, 40, 50, 60};  // [2, 3] of two channels, the second plus 100
  std::vector<uint8_t> first, last;
  for (const uint8_t x : image) first.push_back(x);
  for (const uint8_t x : image) first.push_back(static_cast<uint8_t>(x + 100));
  for (const uint8_t x : image) {
    last.push_back(x);
    last.push_back(static_cast<uint8_t>(x + 100));
  }
  Attributes attributes = {{"kernel_shape", std::vector<int64_t>{2, 2}},
                           {"pads", std::vector<int64_t>{0, 1, 0, 0}},
                           {"strides", std::vector<int64_t>{1, 2}}};
  const auto pool = [&](const Shape& shape, const std::vector<uint8_t>& x) {
    return values<uint8_t>(run_op(microsoft("QLinearAveragePool", attributes),
                                  {Tensor::of<uint8_t>(shape, std::span<const uint8_t>(x)), scale(2),
                                   Tensor::scalar<uint8_t>(10), scale(2), Tensor::scalar<uint8_t>(20)})[0]);
  };
  // windows {10, 40} and {20, 30, 50, 60}, less 10 plus 20
  EXPECT_EQ(pool({1, 2, 2, 3}, first), (std::vector<uint8_t>{35, 50, 135, 150}));
  attributes["count_include_pad"] = int64_t{1};  // (0 + 30) / 4 = 7.5, (100 + 130) / 4 = 57.5
  EXPECT_EQ(pool({1, 2, 2, 3}, first), (std::vector<uint8_t>{28, 50, 78, 150}));
  attributes["channels_last"] = int64_t{1};
  EXPECT_EQ(pool({1, 2, 3, 2}, last), (std::vector<uint8_t>{28, 78, 50, 150}));
}

// Planes [2, 19, 9, 37] of both orders; averages that are nearly half-way between two codes may become either.
TEST(QLinearAveragePool, AgreesWithDouble) {
  const int64_t images = 2, channels = 19, high = 9, wide = 37, tall = 3, broad = 2, pad = 1;
  const Tensor x = random_bytes<int8_t>({images, channels, high, wide}, 5);
  Tensor turned(DType::I8, {images, high, wide, channels});
  const auto at = [&](int64_t n, int64_t c, int64_t i, int64_t j) {
    return x.data<int8_t>()[((n * channels + c) * high + i) * wide + j];
  };
  for (int64_t i = 0; i < x.elements(); ++i) {
    const int64_t c = i % channels, place = i / channels;
    turned.mutable_data<int8_t>()[i] = at(place / (high * wide), c, place / wide % high, place % wide);
  }
  for (const int64_t stride : {1, 3}) {
    for (const int64_t counts_padding : {0, 1}) {
      Attributes attributes = {{"kernel_shape", std::vector<int64_t>{tall, broad}},
                               {"pads", std::vector<int64_t>{pad, pad, pad, 0}},
                               {"strides", std::vector<int64_t>{2, stride}},
                               {"count_include_pad", counts_padding}};
      const auto pool = [&](const Tensor& from) {
        return run_op(microsoft("QLinearAveragePool", attributes),
                      {from, scale(0.5f), Tensor::scalar<int8_t>(-3), scale(0.25f), Tensor::scalar<int8_t>(7)})[0]
            .tensor;
      };
      const Tensor first = pool(x);
      attributes["channels_last"] = int64_t{1};
      const Tensor last = pool(turned);
      const int64_t rows = first.shape()[2], columns = first.shape()[3];
      ASSERT_EQ(last.shape(), (Shape{images, rows, columns, channels}));
      for (int64_t o = 0; o < first.elements(); ++o) {
        const int64_t column = o % columns, row = o / columns % rows, c = o / columns / rows % channels;
        const int64_t n = o / columns / rows / channels;
        double sum = 0, count = 0;
        for (int64_t i = row * 2 - pad; i < row * 2 - pad + tall; ++i) {
          for (int64_t j = column * stride - pad; j < column * stride - pad + broad; ++j) {
            if (i >= 0 && i < high && j >= 0 && j < wide) {
              sum += (at(n, c, i, j) + 3) * 0.5;
              ++count;
            } else if (counts_padding != 0 && i < high + pad && j < wide) {
              ++count;
            }
          }
        }
        const double wanted = std::clamp(sum / count / 0.25 + 7, -128.0, 127.0);
        EXPECT_NEAR(first.data<int8_t>()[o], wanted, 0.50001) << stride << counts_padding << " at " << o;
        EXPECT_EQ(last.data<int8_t>()[((n * rows + row) * columns + column) * channels + c], first.data<int8_t>()[o]);
      }
    }
  }
}

TEST(QLinearGlobalAveragePool, BothOrders) {
  const std::vector<Tensor> parameters = {scale(1), Tensor::scalar<int8_t>(0), scale(0.5f), Tensor::scalar<int8_t>(-1)};
  const auto pool = [&](Tensor x, int64_t last) {
    return run_op(microsoft("QLinearGlobalAveragePool", {{"channels_last", last}}),
                  {std::move(x), parameters[0], parameters[1], parameters[2], parameters[3]});
  };
  const auto first = pool(Tensor::of<int8_t>({1, 2, 2, 1}, {1, 4, -10, -20}), 0);
  EXPECT_EQ(first[0].tensor.shape(), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(values<int8_t>(first[0]), (std::vector<int8_t>{4, -31}));
  const auto last = pool(Tensor::of<int8_t>({1, 2, 1, 2}, {1, -10, 4, -20}), 1);
  EXPECT_EQ(last[0].tensor.shape(), (Shape{1, 1, 1, 2}));
  EXPECT_EQ(values<int8_t>(last[0]), (std::vector<int8_t>{4, -31}));
}

TEST(QLinearSoftmax, AlongAnAxisAndFlattened) {
  const std::vector<Tensor> inputs = {Tensor::of<uint8_t>({2, 1, 2}, {0, 10, 0, 10}), scale(0.1f),
                                      Tensor::scalar<uint8_t>(5), scale(1 / 256.0f), Tensor::scalar<uint8_t>(0)};
  const auto softmax = [&](int64_t opset, int64_t axis) {
    return values<uint8_t>(run_op(microsoft("QLinearSoftmax", {{"opset", opset}, {"axis", axis}}), inputs)[0]);
  };
  // 1 / (1 + e) = 0.26894, e / (1 + e) = 0.73106; halves along the first axis; a quarter's worth of each when flattened
  EXPECT_EQ(softmax(13, -1), (std::vector<uint8_t>{69, 187, 69, 187}));
  EXPECT_EQ(softmax(13, 0), (std::vector<uint8_t>{128, 128, 128, 128}));
  EXPECT_EQ(softmax(12, 0), (std::vector<uint8_t>{34, 94, 34, 94}));
}

}  // namespace
}  // namespace mica
