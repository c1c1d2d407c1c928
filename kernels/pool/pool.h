// What the poolings over sliding windows share.
#pragma once

#include "kernels/conv/window.h"
#include "kernels/wide.h"

namespace mica {

/// Dims [N, C, spatial...] of the pooled input 0; nullopt when its rank is unknown.
std::optional<Dims> pool_output_dims(const Window& window, const InferContext& ctx);

/// Calls body(plane, position, at) for every output of every channel plane; `position` counts within the plane and `at`
/// is the same along each axis.
template <class Body>
void for_each_window(const WindowGeometry& g, int64_t planes, Body&& body) {
  if (g.outputs() == 0) return;
  for (int64_t plane = 0; plane < planes; ++plane) {
    SpatialIndex at{};
    int64_t position = 0;
    do {
      body(plane, position++, at);
    } while (next_position(at, g, g.rank, &WindowAxis::output));
  }
}

/// Y = finish(sum of map(x) over the window, position along each axis).
template <class T, class Map, class Finish>
void pool_sums(const WindowGeometry& g, const Operands& io, Map&& map, Finish&& finish) {
  const Shape& shape = io.in(0).shape();
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  const int64_t inputs = g.inputs();
  const int64_t outputs = g.outputs();
  const int64_t step = g.axes[g.rank - 1].dilation;
  for_each_window(g, shape[0] * shape[1], [&](int64_t plane, int64_t position, const SpatialIndex& at) {
    Wide<T> sum = 0;
    for_each_tap_run(g, at, [&](int64_t, int64_t offset, int64_t count) {
      const T* from = x + plane * inputs + offset;
      for (int64_t i = 0; i < count; ++i) sum += map(static_cast<Wide<T>>(from[i * step]));
    });
    y[plane * outputs + position] = static_cast<T>(finish(sum, at));
  });
}

/// The window at the dims of input 0 and output 0. Throws when they do not fit.
WindowGeometry pool_geometry(const Window& window, const Operands& io);

}  // namespace mica
