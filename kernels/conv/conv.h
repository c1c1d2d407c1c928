// What the convolutions (float, integer, quantised, transposed) share.
#pragma once

#include "kernels/conv/window.h"

namespace mica {

struct ConvParams : Window {
  int64_t group = 1;
};

template <class T>
OpBuilder<T> conv_attributes(OpBuilder<T> builder) {
  return window_attributes(builder).attribute("dilations", &Window::dilations).attribute("group", &ConvParams::group);
}

/// For OpBuilder::prepare.
void check_conv(ConvParams& params, const NodeFacts& facts);

/// Dims [N, M, spatial...] of the convolution of input `x` [N, C, spatial...] with the weights `w`
/// [M, C / group, kernel...]; nullopt when a rank is unknown. `bias`, where given, is checked to have M elements.
std::optional<Dims> conv_output_dims(const ConvParams& params, const InferContext& ctx, size_t x, size_t w,
                                     size_t bias = static_cast<size_t>(-1));
/// The same of an input of dims `x`.
std::optional<Dims> conv_output_dims(const ConvParams& params, const InferContext& ctx, const Dims& x, size_t w,
                                     size_t bias);

/// Of X and W [channels, filters, kernel...]: every element of X is multiplied by all of its channel's filter.
Dim transposed_convolution_flops(const OperandDims& dims);

/// A convolution at concrete dims; channels and filters are counted per group.
struct ConvGeometry : WindowGeometry {
  int64_t batch = 1, groups = 1, channels = 1, filters = 1;
};

/// Without last axes of one element that windows do not go beyond, so that what is before them is a line.
ConvGeometry squeezed(ConvGeometry g);

/// Throws when the operands do not fit each other.
ConvGeometry conv_geometry(const ConvParams& params, const Shape& x, const Shape& w, const Shape& y);
void check_bias(const Operands& io, size_t bias, int64_t filters);

/// Direct convolution: calls store(position in Y, filter, sum) with sum = sum over channels and taps of
/// load_x(position in X) * load_w(position in W, filter), counted as `Acc`. Elements outside X count as nothing.
/// `plane` has g.outputs() elements.
template <class Acc, class LoadX, class LoadW, class Store>
void convolve(const ConvGeometry& g, Acc* plane, LoadX&& load_x, LoadW&& load_w, Store&& store) {
  const int64_t inputs = g.inputs();
  const int64_t outputs = g.outputs();
  const int64_t taps = g.taps();
  const int64_t stride = g.axes[g.rank - 1].stride;
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t filter = 0; filter < g.groups * g.filters; ++filter) {
      const int64_t first = (n * g.groups + filter / g.filters) * g.channels;
      std::fill_n(plane, outputs, Acc{});
      for (int64_t c = 0; c < g.channels; ++c) {
        const int64_t from = (first + c) * inputs;
        int64_t weight = (filter * g.channels + c) * taps;
        SpatialIndex k{};
        do {
          const Acc w = load_w(weight++, filter);
          for_each_output_run(g, k, [&](int64_t position, int64_t offset, int64_t count) {
            for (int64_t i = 0; i < count; ++i) plane[position + i] += load_x(from + offset + i * stride) * w;
          });
        } while (next_position(k, g, g.rank, &WindowAxis::kernel));
      }
      const int64_t to = (n * g.groups * g.filters + filter) * outputs;
      for (int64_t i = 0; i < outputs; ++i) store(to + i, filter, plane[i]);
    }
  }
}

}  // namespace mica
