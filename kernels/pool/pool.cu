// Poolings, each output by one thread.
#include "kernels/cuda/elements.cuh"
#include "kernels/pool/pool_cuda.h"

namespace mica::cuda {
namespace {

// The largest of no elements.
template <class W>
__device__ W least(Number number) {
  if constexpr (W(0.5) != 0) {
    return static_cast<W>(-INFINITY);
  } else {
    return number == Number::I8 ? -128 : 0;
  }
}

// The place of a position in its channel.
__device__ int64_t place_in_plane(const PoolCall& call, const DeviceWindow::Place& at) {
  const DeviceAxis* axes = call.axes;
  if (!call.column_major_indices) {
    return (static_cast<int64_t>(at.of[0]) * axes[1].input + at.of[1]) * axes[2].input + at.of[2];
  }
  return at.of[0] + static_cast<int64_t>(axes[0].input) * (at.of[1] + static_cast<int64_t>(axes[1].input) * at.of[2]);
}

template <class T>
__global__ void pool_kernel(const __grid_constant__ PoolCall call) {
  using E = Elements<T>;
  using W = typename E::W;
  const int64_t plane = static_cast<int64_t>(call.axes[0].input) * call.axes[1].input * call.axes[2].input;
  const int64_t elements = static_cast<int64_t>(call.batch) * call.channels * call.outputs;
  for (int64_t i = first_element(); i < elements; i += element_stride()) {
    const auto [image, channel, position] = pooled_element(call, call.channels, i);
    const DeviceWindow::Place start = call.window_at(static_cast<uint32_t>(position));
    const int64_t x = image * call.x_batch + channel * call.x_channel + call.offset(start);
    W result = call.function == PoolFunction::Max ? least<W>(call.number) : W(0);
    int32_t best = -1;  // tap
    for (int32_t tap = 0; tap < call.taps; ++tap) {
      const DeviceWindow::Place distance = call.tap_at(static_cast<uint32_t>(tap));
      if (!call.holds(start, distance)) continue;
      const W value = E::load(call.x, call.number, x + call.offset(distance));
      if (call.function == PoolFunction::Average) {
        result += value;
      } else if (value > result || best < 0) {
        if (value > result) result = value;
        best = tap;
      }
    }
    if (call.function == PoolFunction::Average) result /= W(averaged_elements(call, start, call.count_padding));
    const int64_t to = image * call.y_batch + channel * call.y_channel + position * call.y_step;
    E::store(call.y, call.number, to, result);
    if (call.indices == nullptr) continue;
    DeviceWindow::Place at = call.tap_at(best < 0 ? 0 : static_cast<uint32_t>(best));
    for (int axis = 0; axis < DeviceWindow::kAxes; ++axis) at.of[axis] += start.of[axis];
    call.indices[to] = best < 0 ? -1 : (image * call.channels + channel) * plane + place_in_plane(call, at);
  }
}

}  // namespace

void launch_pool(const PoolCall& call, void* stream) {
  const int64_t elements = static_cast<int64_t>(call.batch) * call.channels * call.outputs;
  if (elements == 0) return;
  visit_elements(call.number, [&]<class T>() { launch(pool_kernel<T>, over_elements(elements), stream, call); });
}

}  // namespace mica::cuda
