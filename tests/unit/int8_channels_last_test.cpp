// QLinearConv with its channels last against sums of integers, for each kind of window, sign and instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/simd/isa.h"
#include "tests/unit/backwards.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/random_bytes.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

struct Case {
  int64_t batch, groups, channels, filters;  // channels and filters of a group
  int64_t height, width, kernel_h, kernel_w;
  int64_t stride = 1, dilation_h = 1, dilation_w = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool line = false;  ///< one spatial axis

  int64_t rows() const { return line ? 1 : (height + top + bottom - (kernel_h - 1) * dilation_h - 1) / stride + 1; }
  int64_t columns() const { return (width + left + right - (kernel_w - 1) * dilation_w - 1) / stride + 1; }
  std::vector<int64_t> both(int64_t high, int64_t wide) const {
    return line ? std::vector<int64_t>{wide} : std::vector<int64_t>{high, wide};
  }
};

const std::vector<Case> kCases = {
    {2, 1, 3, 7, 5, 6, 1, 1},                               // pointwise, few channels
    {2, 1, 32, 40, 5, 5, 1, 1},                             // pointwise, whole steps of channels, read in place
    {1, 1, 8, 70, 9, 7, 1, 1, 2},                           // one tap, strides
    {1, 1, 3, 33, 9, 11, 3, 3, 2, 1, 1, 1, 1, 1, 1},        // a first layer
    {2, 1, 16, 9, 6, 30, 3, 3, 1, 1, 1, 1, 2, 0, 1},        // uneven padding
    {1, 1, 4, 5, 12, 13, 2, 3, 1, 3, 2, 2, 3, 1, 4},        // dilation
    {1, 2, 3, 5, 7, 9, 3, 2, 2, 1, 1, 1, 0, 0, 1},          // groups
    {1, 1, 4, 3, 2, 2, 3, 3, 1, 1, 1, 5, 5, 5, 5},          // windows without any element of x
    {2, 5, 1, 1, 8, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1},         // depthwise
    {1, 37, 1, 1, 7, 9, 5, 5, 2, 1, 1, 2, 2, 2, 2},         // depthwise, taps and lines in several groups
    {1, 70, 1, 1, 9, 8, 3, 2, 1, 2, 3, 2, 3, 1, 0},         // depthwise, dilation
    {1, 3, 1, 1, 3, 600, 2, 3, 1, 1, 1, 1, 1, 0, 1},        // depthwise, lines of several stretches
    {1, 4, 1, 1, 2, 3, 3, 3, 1, 1, 1, 4, 4, 4, 4},          // depthwise, windows without any element of x
    {1, 3, 1, 2, 6, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1},          // two filters a channel
    {2, 1, 6, 11, 1, 40, 1, 5, 2, 1, 2, 0, 3, 0, 2, true},  // one axis
    {2, 19, 1, 1, 1, 33, 1, 4, 1, 1, 1, 0, 1, 0, 2, true},  // one axis, depthwise
};

/// What QLinearConv takes, with zero points and scales of their own for each filter.
template <class X, class W, class Y>
struct Operands8 {
  Tensor x, w, w_zero, w_scale, bias;
  X x_zero = static_cast<X>(100);
  Y y_zero = static_cast<Y>(7);
  float x_scale = 0.01f, y_scale = 0.4f;

  Operands8(const Case& c, bool zeros) {
    const int64_t filters = c.groups * c.filters, channels = c.groups * c.channels;
    x = random_bytes<X>(c.line ? Shape{c.batch, c.width, channels} : Shape{c.batch, c.height, c.width, channels}, 1);
    w = random_bytes<W>(
        c.line ? Shape{filters, c.channels, c.kernel_w} : Shape{filters, c.channels, c.kernel_h, c.kernel_w}, 2);
    w_zero = random_bytes<W>({filters}, 3);
    if (!zeros) std::ranges::fill(w_zero.mutable_as<W>(), static_cast<W>(std::is_signed_v<W> ? 0 : 128));
    w_scale = Tensor(DType::F32, {filters});
    bias = Tensor(DType::I32, {filters});
    for (int64_t i = 0; i < filters; ++i) {
      w_scale.mutable_data<float>()[i] = 0.11f + 0.003f * static_cast<float>(i);
      bias.mutable_data<int32_t>()[i] = static_cast<int32_t>(i * 1001 - 3000);
    }
  }

  std::vector<Tensor> inputs() const {
    return {x,      Tensor::scalar(x_scale), Tensor::scalar(x_zero), w,   w_scale,
            w_zero, Tensor::scalar(y_scale), Tensor::scalar(y_zero), bias};
  }

  int32_t sum(const Case& c, int64_t n, int64_t filter, int64_t row, int64_t column) const {
    int32_t sum = bias.data<int32_t>()[filter];
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      for (int64_t p = 0; p < c.kernel_h; ++p) {
        for (int64_t q = 0; q < c.kernel_w; ++q) {
          const int64_t i = row * c.stride - c.top + p * c.dilation_h,
                        j = column * c.stride - c.left + q * c.dilation_w;
          if (i < 0 || i >= c.height || j < 0 || j >= c.width) continue;
          const int64_t all = filter / c.filters * c.channels + channel;
          const int32_t element =
              x.data<X>()[((n * c.height + i) * c.width + j) * c.groups * c.channels + all] - x_zero;
          const int64_t at = ((filter * c.channels + channel) * c.kernel_h + p) * c.kernel_w + q;
          sum += element * (w.data<W>()[at] - w_zero.data<W>()[filter]);
        }
      }
    }
    return sum;
  }

  Y quantised(int32_t sum, int64_t filter) const {
    const float scaled = static_cast<float>(sum) * (x_scale * w_scale.data<float>()[filter] / y_scale);
    const double rounded = std::nearbyint(static_cast<double>(scaled)) + y_zero;
    return static_cast<Y>(std::clamp<double>(rounded, std::numeric_limits<Y>::min(), std::numeric_limits<Y>::max()));
  }
};

template <class X, class W, class Y>
void check(const Case& c, bool zeros) {
  const Operands8<X, W, Y> operands(c, zeros);
  const OpCall call{"QLinearConv",
                    1,
                    {{"group", c.groups},
                     {"channels_last", int64_t{1}},
                     {"strides", c.both(c.stride, c.stride)},
                     {"dilations", c.both(c.dilation_h, c.dilation_w)},
                     {"pads", c.line ? std::vector<int64_t>{c.left, c.right}
                                     : std::vector<int64_t>{c.top, c.left, c.bottom, c.right}}},
                    1,
                    "com.microsoft"};
  const auto plain = run_op(call, operands.inputs());
  Backwards packer;
  const UsePacker in_parts(packer);
  const auto packed = run_packed_op(call, operands.inputs(), {3, 5}, 2);
  const int64_t filters = c.groups * c.filters;
  ASSERT_EQ(plain[0].tensor.elements(), c.batch * c.rows() * c.columns() * filters);
  for (int64_t i = 0; i < plain[0].tensor.elements(); ++i) {
    const int64_t filter = i % filters, column = i / filters % c.columns(), row = i / filters / c.columns() % c.rows();
    const int32_t sum = operands.sum(c, i / filters / c.columns() / c.rows(), filter, row, column);
    const Y expected = operands.quantised(sum, filter);
    ASSERT_EQ(plain[0].tensor.template data<Y>()[i], expected) << "at " << row << "," << column << "," << filter;
    ASSERT_EQ(packed[0].tensor.template data<Y>()[i], expected)
        << "packed, at " << row << "," << column << "," << filter;
  }
}

TEST(QLinearConvChannelsLast, EveryKindOfWindowAndSign) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    const UseIsa use(i);
    for (const Case& c : kCases) {
      SCOPED_TRACE(std::string(isas()[i].name) + ", case " + std::to_string(&c - kCases.data()));
      for (const bool zeros : {false, true}) {
        check<uint8_t, int8_t, uint8_t>(c, zeros);
        check<uint8_t, uint8_t, uint8_t>(c, zeros);
        check<int8_t, int8_t, int8_t>(c, zeros);
        check<int8_t, uint8_t, uint8_t>(c, zeros);
      }
    }
  }
}

TEST(QLinearConvChannelsLast, RefusesWhatDoesNotFit) {
  const Case c{1, 1, 2, 3, 4, 4, 1, 1};
  const Operands8<uint8_t, int8_t, uint8_t> operands(c, false);
  const OpCall call{"QLinearConv", 1, {{"channels_last", int64_t{1}}}, 1, "com.microsoft"};
  auto inputs = operands.inputs();
  inputs[5] = Tensor(DType::I8, {2});  // zero points of three filters
  EXPECT_THROW(run_op(call, inputs), Error);
  inputs = operands.inputs();
  inputs[0] = Tensor(DType::U8, {1, 2, 4, 4});  // channels first
  EXPECT_THROW(run_op(call, inputs), Error);
  const KnownInput scalar = tensor_input(DType::F32, {}), zero = tensor_input(DType::U8, {});
  EXPECT_THROW(infer_op(call, {tensor_input(DType::U8, {1, 2, 2, 2, 3}), scalar, zero,
                               tensor_input(DType::U8, {4, 3, 1, 1, 1}), scalar, zero, scalar, zero}),
               Error);
}

TEST(QLinearConvChannelsLast, InfersSymbolicDims) {
  const KnownInput scalar = tensor_input(DType::F32, {});
  const auto y = infer_op({"QLinearConv",
                           1,
                           {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"channels_last", int64_t{1}}},
                           1,
                           "com.microsoft"},
                          {tensor_input(DType::U8, {Dim::symbol("n"), Dim::symbol("h"), 8, 3}), scalar,
                           tensor_input(DType::U8, {}), tensor_input(DType::I8, {16, 3, 3, 3}), scalar,
                           tensor_input(DType::I8, {}), scalar, tensor_input(DType::I8, {})});
  EXPECT_EQ(y[0].type, ValueType::tensor(DType::I8, Dims{Dim::symbol("n"), Dim::symbol("h"), 8, 16}));
}

}  // namespace
}  // namespace mica
