#include "kernels/conv/float_conv.h"

#include <cstring>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/depthwise_simd.h"
#include "kernels/conv/window_rows.h"
#include "kernels/matmul/activate_simd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {
namespace {

// Rows of 16 elements of a panel from the windows at 16 positions or, `count`, less.
void fill_panel(const ConvGeometry& g, const float* image, const PanelBlock& block, int64_t position, int64_t count,
                float* panel) {
  const int64_t stride = g.axes[g.rank - 1].stride;
  const int64_t taps = g.taps();
  const int64_t plane = g.inputs();
  if (count < kPanel) std::fill_n(panel, block.k * kPanel, 0.0f);
  for_each_window_row(g, position, count, [&](const WindowRow& row) {
    // Channels of which the block has this tap.
    const int64_t begin = (std::max<int64_t>(block.k0 - row.tap, 0) + taps - 1) / taps;
    const int64_t end = (std::max<int64_t>(block.k0 + block.k - row.tap, 0) + taps - 1) / taps;
    const bool whole = row.begin == 0 && row.end == kPanel && stride == 1;
    const float* from = image + row.from + begin * plane;
    float* to = panel + (begin * taps + row.tap - block.k0) * kPanel + row.first;
    for (int64_t c = begin; c < end; ++c, from += plane, to += taps * kPanel) {
      if (whole) {
        std::memcpy(to, from, sizeof(float) * kPanel);
        continue;
      }
      for (int64_t i = 0; i < row.begin; ++i) to[i] = 0;
      for (int64_t i = row.begin; i < row.end; ++i) to[i] = from[(i - row.begin) * stride];
      for (int64_t i = row.end; i < row.count; ++i) to[i] = 0;
    }
  });
}

// For each image and group: weights, [filters, channels * taps], times windows, [channels * taps, positions].
void convolve_by_products(const Operands& io, const ConvGeometry& g, const FloatConv& conv) {
  const int64_t depth = g.channels * g.taps(), positions = g.outputs();
  const int64_t image = g.channels * g.inputs();
  const auto fill = [&](const PanelBlock& block, float* to) {
    for (int64_t j = 0; j < block.n; j += kPanel, to += block.panel) {
      fill_panel(g, conv.x + block.index * image, block, block.j0 + j, std::min<int64_t>(kPanel, block.n - j), to);
    }
  };
  const FillPanels fill_panels = fill;
  const bool in_place = is_pointwise(g);
  gemm_each(io, g.batch * g.groups, [&](int64_t index) {
    const int64_t group = index % g.groups;
    Product p{g.filters, positions, depth, {conv.w + group * g.filters * depth, depth, 1}};
    if (in_place) {
      p.b = {conv.x + index * image, positions, 1};
    } else {
      p.fill_b = &fill_panels;
      p.fill_index = index;
    }
    const int64_t first = index * g.filters * positions;
    p.c = conv.y + first;
    p.c_row = positions;
    p.epilogue = conv.epilogue;
    if (conv.bias != nullptr) p.epilogue.addends[0] = {conv.bias + group * g.filters, 1, 0};
    if (conv.addend != nullptr) p.epilogue.addends[1] = {conv.addend + first, positions, 1};
    return p;
  });
}

// One row of outputs along the last axis: `y` += what the taps see of the row of the input that begins at `x`.
void add_row(const WindowAxis& axis, const float* x, const float* w, float* y) {
  // Outputs that see every tap.
  const int64_t begin = axis.pad <= 0 ? 0 : std::min(axis.output, (axis.pad + axis.stride - 1) / axis.stride);
  const int64_t room = axis.input - 1 - (axis.kernel - 1) * axis.dilation + axis.pad;
  const int64_t end = room < 0 ? begin : std::clamp(room / axis.stride + 1, begin, axis.output);
  const auto add_some = [&](int64_t from, int64_t to) {
    for (int64_t o = from; o < to; ++o) {
      const int64_t start = axis.start(o);
      const Range taps = axis.taps(start);
      for (int64_t k = taps.begin; k < taps.end; ++k) y[o] += w[k] * x[start + k * axis.dilation];
    }
  };
  add_some(0, begin);
  if (begin < end) {
    depthwise_kernels().add_taps(x + axis.start(begin), axis.stride, w, axis.kernel, axis.dilation, y + begin,
                                 end - begin);
  }
  add_some(end, axis.output);
}

void convolve_plane(const ConvGeometry& g, const float* x, const float* w, float* y) {
  const size_t last = g.rank - 1;
  const WindowAxis& axis = g.axes[last];
  SpatialIndex at{};
  do {  // rows of outputs
    SpatialIndex k{};
    const float* taps = w;
    do {  // rows of taps
      int64_t row = 0;
      bool inside = true;
      for (size_t i = 0; i < last; ++i) {
        const int64_t place = g.axes[i].start(at[i]) + k[i] * g.axes[i].dilation;
        inside = inside && place >= 0 && place < g.axes[i].input;
        row = row * g.axes[i].input + place;
      }
      if (inside) add_row(axis, x + row * axis.input, taps, y);
      taps += axis.kernel;
    } while (next_position(k, g, last, &WindowAxis::kernel));
    y += axis.output;
  } while (next_position(at, g, last, &WindowAxis::output));
}

// Directly, a plane at a time, which stays in the cache meanwhile.
void convolve_depthwise(const Operands& io, const ConvGeometry& g, const FloatConv& conv) {
  const int64_t positions = g.outputs(), taps = g.taps();
  const int64_t filters = g.groups * g.filters;
  const int64_t grain = 32 * 1024 / std::max<int64_t>(positions * taps, 1) + 1;
  io.threads().parallel_for(g.batch * filters, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t filter = i % filters;
      float* y = conv.y + i * positions;
      const float bias = conv.bias != nullptr ? conv.bias[filter] : 0;
      if (conv.addend != nullptr) {
        for (int64_t o = 0; o < positions; ++o) y[o] = conv.addend[i * positions + o] + bias;
      } else {
        std::fill_n(y, positions, bias);
      }
      convolve_plane(g, conv.x + i / g.filters * g.inputs(), conv.w + filter * taps, y);
      activate_kernels().activate(conv.epilogue, y, positions, 1, positions);
    }
  });
}

}  // namespace

void convolve_floats(const Operands& io, const ConvGeometry& given, const FloatConv& conv) {
  if (given.outputs() == 0) return;
  const ConvGeometry g = squeezed(given);
  const bool direct = g.channels == 1 && g.filters <= 2 && g.taps() > 0 && g.inputs() > 0;
  direct ? convolve_depthwise(io, g, conv) : convolve_by_products(io, g, conv);
}

}  // namespace mica
