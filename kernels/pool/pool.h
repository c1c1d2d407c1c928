// What the poolings over sliding windows share.
#pragma once

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/window.h"

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

/// The window at the dims of input 0 and output 0. Throws when they do not fit.
WindowGeometry pool_geometry(const Window& window, const Operands& io);
/// The same for tensors [N, spatial..., channels], of one or two spatial axes.
WindowGeometry channels_last_pool_geometry(const Window& window, const Operands& io);

}  // namespace mica
