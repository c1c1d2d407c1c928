// Convolutions to be tried, and what they give, by loops in double over the definition.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/conv/channels_last.h"
#include "tests/unit/run_op.h"
#include "tests/unit/tolerance.h"

namespace mica::conv_cases {

// A window over one or two spatial axes; with one, heights are 1.
struct Case {
  int64_t batch, channels, filters, group;
  int64_t height, width, kernel_height, kernel_width;
  int64_t stride_height = 1, stride_width = 1, dilation_height = 1, dilation_width = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  bool line = false;  ///< one spatial axis

  int64_t rows() const {
    return (height + top + bottom - (kernel_height - 1) * dilation_height - 1) / stride_height + 1;
  }
  int64_t columns() const {
    return (width + left + right - (kernel_width - 1) * dilation_width - 1) / stride_width + 1;
  }
  Shape image(int64_t depth, int64_t high, int64_t wide) const {
    return line ? Shape{batch, depth, wide} : Shape{batch, depth, high, wide};
  }
  Shape input() const { return image(channels, height, width); }
  Shape output() const { return image(filters, rows(), columns()); }
  Shape weights() const {
    return line ? Shape{filters, channels / group, kernel_width}
                : Shape{filters, channels / group, kernel_height, kernel_width};
  }
  std::vector<int64_t> both(int64_t high, int64_t wide) const {
    return line ? std::vector<int64_t>{wide} : std::vector<int64_t>{high, wide};
  }
  Attributes attributes() const {
    return {{"kernel_shape", both(kernel_height, kernel_width)},
            {"strides", both(stride_height, stride_width)},
            {"dilations", both(dilation_height, dilation_width)},
            {"pads", line ? std::vector<int64_t>{left, right} : std::vector<int64_t>{top, left, bottom, right}}};
  }
};

inline Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  Tensor tensor(DType::F32, shape);
  std::uniform_real_distribution<float> value(-1, 1);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<float>()[i] = value(random);
  return tensor;
}

// Element by element, from [N, C, spatial...] to [N, spatial..., C] or back.
inline Tensor moved(const Tensor& x, bool to_last) {
  const Shape& shape = x.shape();
  const int64_t channels = to_last ? shape[1] : shape.back();
  const int64_t places = shape.elements() / std::max<int64_t>(1, shape[0] * channels);
  Tensor y(DType::F32, to_last ? channels_last(shape) : channels_first(shape));
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < places; ++p) {
        const int64_t first = (n * channels + c) * places + p, last = (n * places + p) * channels + c;
        y.mutable_data<float>()[to_last ? last : first] = x.data<float>()[to_last ? first : last];
      }
    }
  }
  return y;
}

// Calls body(position in the input's plane, tap) for what the window of an output sees.
template <class Body>
void for_each_seen(const Case& x, int64_t row, int64_t column, Body&& body) {
  for (int64_t u = 0; u < x.kernel_height; ++u) {
    for (int64_t v = 0; v < x.kernel_width; ++v) {
      const int64_t y = row * x.stride_height - x.top + u * x.dilation_height;
      const int64_t z = column * x.stride_width - x.left + v * x.dilation_width;
      if (y >= 0 && y < x.height && z >= 0 && z < x.width) body(y * x.width + z, u * x.kernel_width + v);
    }
  }
}

inline double activated(const std::string& f, double x) {
  if (f == "relu") return std::max(x, 0.0);
  if (f == "clip") return std::min(0.5, std::max(-0.25, x));
  if (f == "hard_swish") return x * std::min(1.0, std::max(0.0, x / 6 + 0.5));
  if (f == "silu") return x / (1 + std::exp(-x));
  return x;
}

struct Layer {
  std::string f;
  Tensor x, w, bias, residual;

  OpCall call(const Case& c) const {
    OpCall call{"ConvLayer", 1, c.attributes(), 1, "mica"};
    call.attributes.insert({{"group", c.group}, {"activation", f}, {"low", -0.25f}, {"high", 0.5f}});
    return call;
  }
};

// `rounding`: of a product, relative.
inline void expect_layer(const Case& c, const Layer& layer, const Tensor& y, const std::string& what,
                         double rounding = 0) {
  ASSERT_EQ(y.shape(), c.output());
  const int64_t depth = c.channels / c.group, taps = c.kernel_height * c.kernel_width;
  for (int64_t at = 0; at < y.elements(); ++at) {
    const int64_t column = at % c.columns(), row = at / c.columns() % c.rows();
    const int64_t filter = at / c.columns() / c.rows() % c.filters, n = at / c.columns() / c.rows() / c.filters;
    double sum = layer.bias.defined() ? layer.bias.data<float>()[filter] : 0, magnitude = std::abs(sum) + 1;
    for (int64_t i = 0; i < depth; ++i) {
      const int64_t channel = filter / (c.filters / c.group) * depth + i;
      for_each_seen(c, row, column, [&](int64_t place, int64_t tap) {
        const double term =
            static_cast<double>(layer.x.data<float>()[(n * c.channels + channel) * c.height * c.width + place]) *
            layer.w.data<float>()[(filter * depth + i) * taps + tap];
        sum += term;
        magnitude += std::abs(term);
      });
    }
    if (layer.residual.defined()) sum += layer.residual.data<float>()[at];
    ASSERT_NEAR(y.data<float>()[at], activated(layer.f, sum),
                (1.5 * tolerance::sum(depth * taps + 2) + rounding) * magnitude)
        << what << " at " << at;
  }
}

inline const Case kCases[] = {
    {2, 3, 8, 1, 9, 11, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 4, 16, 1, 20, 33, 3, 5, 2, 3, 1, 1, 0, 2, 1, 3},
    {2, 5, 40, 1, 8, 8, 1, 1},
    {1, 64, 65, 1, 7, 7, 1, 1},
    {2, 5, 17, 1, 8, 9, 1, 1, 2, 2},
    {1, 6, 24, 2, 7, 20, 2, 3, 1, 1, 2, 3, 1, 3, 2, 3},
    {2, 8, 4, 4, 6, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 300, 20, 1, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // several passes over the depth
    {1, 512, 70, 1, 6, 6, 1, 1},                          // rows half a page apart
    {1, 1, 9, 1, 2, 3, 5, 7, 1, 1, 1, 1, 2, 3, 2, 3},     // no window is whole
    {1, 2, 8, 1, 3, 4, 3, 2, 2, 1, 1, 2, 4, 5, 3, 6},     // windows that see nothing
    {1, 80, 24, 1, 1, 50, 1, 3, 1, 2, 1, 1, 0, 1, 0, 1, true},
    {2, 1, 16, 1, 1, 700, 1, 512, 1, 4, 1, 1, 0, 255, 0, 256, true},
    {1, 6, 6, 6, 12, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 37, 37, 37, 13, 15, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
    {1, 64, 64, 64, 5, 9, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
    {1, 2, 2, 2, 2, 2, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
    {1, 16, 16, 16, 6, 19, 5, 4, 1, 3, 1, 2, 4, 5, 3, 6},
    {1, 33, 33, 33, 1, 40, 1, 3, 1, 1, 1, 2, 0, 2, 0, 2, true},
    {2, 32, 32, 1, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},    // tiles that reach over the edge
    {1, 37, 50, 1, 12, 10, 3, 3, 1, 1, 1, 1, 2, 0, 0, 1},  // vectors that are not whole
    {1, 160, 144, 1, 6, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // weights of more than the second-level cache
    {1, 512, 32, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   // rows half a page apart; one element
    {1, 32, 32, 1, 50, 40, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},  // several blocks of tiles
};

/// Round 0 to 3 of a case: with and without bias and residual, and with one activation or another.
inline Layer random_layer(size_t index, size_t round, std::mt19937& random) {
  constexpr const char* kFunctions[] = {"", "relu", "clip", "hard_swish", "silu"};
  const Case& c = kCases[index];
  Layer layer{kFunctions[(index + round) % std::size(kFunctions)],
              random_tensor(c.input(), random),
              random_tensor(c.weights(), random),
              {},
              {}};
  if (round % 2 == 0) layer.bias = random_tensor({c.filters}, random);
  if (round / 2 == 0) layer.residual = random_tensor(c.output(), random);
  return layer;
}

}  // namespace mica::conv_cases
