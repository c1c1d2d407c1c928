// Integer and quantised convolution against the plain sum, for each kind of window.
#include <gtest/gtest.h>

#include "kernels/simd/isa.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/random_bytes.h"

namespace mica {
namespace {

struct Case {
  int64_t batch, groups, channels, filters;  // channels and filters of a group
  int64_t height, width, kernel_h, kernel_w;
  int64_t stride = 1, dilation = 1, pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

const std::vector<Case> kCases = {
    {2, 1, 3, 7, 5, 6, 1, 1},                        // pointwise
    {1, 2, 2, 3, 9, 11, 3, 3, 1, 1, 1, 1, 1, 1},     // groups
    {1, 5, 1, 1, 8, 40, 3, 3, 1, 1, 1, 1, 1, 1},     // depthwise
    {2, 3, 1, 2, 9, 37, 3, 5, 2, 1, 1, 2, 0, 3},     // depthwise, strides, two filters a channel
    {1, 2, 1, 1, 20, 70, 3, 3, 2, 3, 4, 2, 2, 3},    // depthwise, dilation and strides
    {1, 2, 1, 1, 7, 9, 2, 2, 3, 1, 0, 1, 1, 0},      // depthwise, strides of three
    {2, 1, 4, 13, 7, 9, 3, 2, 2, 1, 2, 0, 0, 1},     // strides and uneven padding
    {1, 1, 2, 2, 9, 9, 2, 3, 1, 3, 3, 2, 1, 4},      // dilation
    {1, 1, 1, 1, 2, 2, 3, 3, 1, 1, 5, 5, 5, 5},      // windows without any element of x
    {1, 1, 17, 30, 24, 24, 3, 3, 1, 1, 1, 1, 1, 1},  // several pieces
    {1, 1, 1, 2, 5, 5, 1, 1, 2, 1, 0, 0, 0, 0},      // one tap, strides
};

Attributes attributes(const Case& c) {
  return {{"group", c.groups},
          {"strides", std::vector<int64_t>{c.stride, c.stride}},
          {"dilations", std::vector<int64_t>{c.dilation, c.dilation}},
          {"pads", std::vector<int64_t>{c.pad_top, c.pad_left, c.pad_bottom, c.pad_right}}};
}

template <class X, class W>
void check(const Case& c) {
  const Tensor x = random_bytes<X>({c.batch, c.groups * c.channels, c.height, c.width}, 1);
  const Tensor w = random_bytes<W>({c.groups * c.filters, c.channels, c.kernel_h, c.kernel_w}, 2);
  const Tensor w_zero = random_bytes<W>({c.groups * c.filters}, 3);
  const X x_zero = static_cast<X>(100);
  const auto y = run_op({"ConvInteger", 10, attributes(c)}, {x, w, Tensor::scalar(x_zero), w_zero});
  const Tensor& sums = y[0].tensor;
  const Shape& shape = sums.shape();
  const int32_t* got = sums.data<int32_t>();
  const X* xs = x.template data<X>();
  const W* ws = w.template data<W>();
  const W* w_zeros = w_zero.template data<W>();
  const auto at = [&](int64_t n, int64_t channel, int64_t row, int64_t column) {
    if (row < 0 || row >= c.height || column < 0 || column >= c.width) return 0;
    return xs[((n * c.groups * c.channels + channel) * c.height + row) * c.width + column] - x_zero;
  };
  size_t i = 0;
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t m = 0; m < shape[1]; ++m) {
      for (int64_t row = 0; row < shape[2]; ++row) {
        for (int64_t column = 0; column < shape[3]; ++column) {
          int32_t sum = 0;
          int64_t weight = m * c.channels * c.kernel_h * c.kernel_w;
          for (int64_t channel = 0; channel < c.channels; ++channel) {
            for (int64_t p = 0; p < c.kernel_h; ++p) {
              for (int64_t q = 0; q < c.kernel_w; ++q) {
                const int32_t factor = ws[weight++] - w_zeros[m];
                sum += factor * at(n, m / c.filters * c.channels + channel, row * c.stride - c.pad_top + p * c.dilation,
                                   column * c.stride - c.pad_left + q * c.dilation);
              }
            }
          }
          ASSERT_EQ(got[i++], sum) << "case " << &c - kCases.data() << " at " << m << "," << row << "," << column;
        }
      }
    }
  }
}

TEST(ConvInteger, EveryKindOfWindowAndSign) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    for (const Case& c : kCases) {
      check<uint8_t, uint8_t>(c);
      check<uint8_t, int8_t>(c);
      check<int8_t, uint8_t>(c);
      check<int8_t, int8_t>(c);
    }
  }
}

// A depthwise one whose rows and bands of rows are many.
TEST(ConvInteger, TallPlane) {
  check<uint8_t, int8_t>({1, 2, 1, 1, 150, 100, 3, 3, 1, 1, 1, 1, 1, 1});
}

TEST(ConvInteger, OneAndThreeSpatialAxes) {
  const auto line = run_op({"ConvInteger", 10},
                           {Tensor::of<uint8_t>({1, 1, 4}, {1, 2, 3, 4}), Tensor::of<uint8_t>({1, 1, 2}, {1, 10})});
  EXPECT_EQ(line[0].tensor.as<int32_t>()[2], 43);
  const auto solid = run_op({"ConvInteger", 10}, {Tensor::of<uint8_t>({1, 1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}),
                                                  Tensor::of<int8_t>({1, 1, 2, 1, 2}, {1, 1, 1, -1})});
  EXPECT_EQ(solid[0].tensor.shape(), (Shape{1, 1, 1, 2, 1}));
  EXPECT_EQ(solid[0].tensor.as<int32_t>()[1], 3 + 4 + 7 - 8);
}

TEST(ConvInteger, EmptyBatch) {
  const auto y = run_op({"ConvInteger", 10}, {Tensor(DType::U8, {0, 1, 4}), Tensor::of<uint8_t>({1, 1, 2}, {1, 1})});
  EXPECT_EQ(y[0].tensor.shape(), (Shape{0, 1, 3}));
}

TEST(QLinearConv, BiasAndScalePerFilter) {
  // x - 2 = {1, -1}; sums of two filters: 3 * {1, -1} and (2 - 1) * {1, -1}, plus 10 and -20
  const std::vector<Tensor> inputs = {Tensor::of<uint8_t>({1, 1, 2}, {3, 1}),
                                      Tensor::scalar(0.5f),
                                      Tensor::scalar<uint8_t>(2),
                                      Tensor::of<int8_t>({2, 1, 1}, {3, 2}),
                                      Tensor::of<float>({2}, {1, 2}),
                                      Tensor::of<int8_t>({2}, {0, 1}),
                                      Tensor::scalar(2.0f),
                                      Tensor::scalar<int8_t>(-5),
                                      Tensor::of<int32_t>({2}, {10, -20})};
  const auto y = run_op({"QLinearConv", 10}, inputs);
  // {13, 7} / 4 = {3.25, 1.75}, {-19, -21} / 2 = {-9.5, -10.5}
  const auto got = y[0].tensor.as<int8_t>();
  EXPECT_EQ((std::vector<int8_t>(got.begin(), got.end())), (std::vector<int8_t>{-2, -3, -15, -15}));
}

TEST(QLinearConv, RefusesScalesThatDoNotFit) {
  const std::vector<Tensor> inputs = {Tensor::of<uint8_t>({1, 1, 2}, {3, 1}),
                                      Tensor::scalar(0.5f),
                                      Tensor::scalar<uint8_t>(2),
                                      Tensor::of<int8_t>({1, 1, 1}, {3}),
                                      Tensor::of<float>({2}, {1, 2}),
                                      Tensor::of<int8_t>({1}, {0}),
                                      Tensor::scalar(2.0f),
                                      Tensor::scalar<int8_t>(-5)};
  EXPECT_THROW(run_op({"QLinearConv", 10}, inputs), Error);
}

TEST(QLinearConv, InfersSymbolicDims) {
  const KnownInput scalar = tensor_input(DType::F32, {});
  const auto y = infer_op({"QLinearConv", 10, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
                          {tensor_input(DType::U8, {Dim::symbol("n"), 3, Dim::symbol("h"), 8}), scalar,
                           tensor_input(DType::U8, {}), tensor_input(DType::I8, {16, 3, 3, 3}), scalar,
                           tensor_input(DType::I8, {}), scalar, tensor_input(DType::I8, {})});
  EXPECT_EQ(y[0].type, ValueType::tensor(DType::I8, Dims{Dim::symbol("n"), 16, Dim::symbol("h"), 8}));
}

}  // namespace
}  // namespace mica
