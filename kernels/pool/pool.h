// What the poolings over sliding windows share.
#pragma once

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/window.h"
#include "kernels/wide.h"

namespace mica {

struct AveragePool : Window {
  bool count_include_pad = false;
};
struct MaxPool : Window {
  int64_t storage_order = 0;
};

/// Dims [N, C, spatial...] of the pooled input 0; nullopt when its rank is unknown.
std::optional<Dims> pool_output_dims(const Window& window, const InferContext& ctx);
/// The same of an input of dims `x`.
Dims pool_output_dims(const Window& window, const InferContext& ctx, const Dims& x);

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

/// Folds the elements of every window of one plane into y, which holds the folds of nothing: tap by tap, so that the
/// inner loop runs along the outputs.
template <class T, class W, class Fold>
void fold_windows(const WindowGeometry& g, const T* x, W* y, Fold&& fold) {
  const int64_t stride = g.axes[g.rank - 1].stride;
  SpatialIndex tap{};
  do {
    for_each_output_run(g, tap, [&](int64_t position, int64_t offset, int64_t count) {
      W* to = y + position;
      const T* from = x + offset;
      if (stride == 1) {
        for (int64_t i = 0; i < count; ++i) to[i] = fold(to[i], from[i]);
      } else if (stride == 2) {
        for (int64_t i = 0; i < count; ++i) to[i] = fold(to[i], from[i * 2]);
      } else {
        for (int64_t i = 0; i < count; ++i) to[i] = fold(to[i], from[i * stride]);
      }
    });
  } while (next_position(tap, g, g.rank, &WindowAxis::kernel));
}

/// Calls body(first, last) for ranges of the planes, in parallel where there is enough to do.
template <class Body>
void for_planes(const Operands& io, const WindowGeometry& g, int64_t planes, Body&& body) {
  const int64_t work = std::max<int64_t>(1, g.outputs() * g.taps());
  io.threads().parallel_for(planes, std::max<int64_t>(1, 65536 / work), body);
}

/// How many elements an average over the window of output position `at` is of, at least 1: those inside the input, or
/// with `padding` inside the input or its padding.
inline int64_t averaged_elements(const WindowGeometry& g, const SpatialIndex& at, bool padding) {
  int64_t result = 1;
  for (size_t i = 0; i < g.rank; ++i) {
    const int64_t start = g.axes[i].start(at[i]);
    result *= padding ? g.axes[i].padded_taps(start) : g.axes[i].taps(start).size();
  }
  return std::max<int64_t>(result, 1);
}

/// Y = finish(sum of map(x) over the window, position along each axis).
template <class T, class Map, class Finish>
void pool_sums(const Operands& io, const WindowGeometry& g, int64_t planes, const T* x, T* y, Map&& map,
               Finish&& finish) {
  const int64_t inputs = g.inputs();
  const int64_t outputs = g.outputs();
  if (outputs == 0) return;
  Wide<T>* sums = io.scratch<Wide<T>>(outputs * planes);
  for_planes(io, g, planes, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      Wide<T>* sum = sums + plane * outputs;
      std::fill_n(sum, outputs, Wide<T>{0});
      fold_windows(g, x + plane * inputs, sum,
                   [&](Wide<T> total, T value) { return total + map(static_cast<Wide<T>>(value)); });
      SpatialIndex at{};
      int64_t position = 0;
      do {
        y[plane * outputs + position] = static_cast<T>(finish(sum[position], at));
        ++position;
      } while (next_position(at, g, g.rank, &WindowAxis::output));
    }
  });
}

/// The same of input 0 and output 0.
template <class T, class Map, class Finish>
void pool_sums(const WindowGeometry& g, const Operands& io, Map&& map, Finish&& finish) {
  const Shape& shape = io.in(0).shape();
  pool_sums<T>(io, g, shape[0] * shape[1], io.in(0).data<T>(), io.out(0).mutable_data<T>(), map, finish);
}

/// The window at the dims of input 0 and output 0. Throws when they do not fit.
WindowGeometry pool_geometry(const Window& window, const Operands& io);
/// The same for tensors [N, spatial..., channels], of one or two spatial axes.
WindowGeometry channels_last_pool_geometry(const Window& window, const Operands& io);

}  // namespace mica
