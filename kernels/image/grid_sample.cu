// GridSample: a thread takes one place of the grid, and some channels there.
#include "kernels/cuda/wide.cuh"
#include "kernels/image/grid_sample_cuda.h"

namespace mica::cuda {
namespace {

constexpr int64_t kChannels = 8;  // of a thread

template <class A>
__global__ void grid_sample_kernel(const __grid_constant__ GridSampleCall call) {
  constexpr int kAxes = GridSampleCall::kMostAxes;
  const int64_t chunks = blocks_for(call.channels, kChannels);
  const int64_t plane = call.sizes[0] * call.sizes[1] * call.sizes[2];
  for (int64_t i = first_element(); i < call.batch * chunks * call.outputs; i += element_stride()) {
    const int64_t o = i % call.outputs, chunk = i / call.outputs % chunks, n = i / call.outputs / chunks;
    AxisTaps<A> taps[kAxes];
    int counts[kAxes];
#pragma unroll
    for (int axis = 0; axis < kAxes; ++axis) {
      counts[axis] = axis < call.rank ? call.form.taps : 1;
      taps[axis].weight[0] = 1;
      if (axis >= call.rank) continue;
      const A normal = load_wide<A>(call.grid, call.grid_number, (n * call.outputs + o) * call.rank + axis);
      taps[axis] = axis_taps<A>(call.form, normal, call.sizes[axis]);
    }
    const int64_t last = (chunk + 1) * kChannels < call.channels ? (chunk + 1) * kChannels : call.channels;
    for (int64_t c = chunk * kChannels; c < last; ++c) {
      const int64_t image = n * call.channels + c;
      A sum = 0;
      for (int z = 0; z < counts[2]; ++z) {
        for (int y = 0; y < counts[1]; ++y) {
          for (int x = 0; x < counts[0]; ++x) {
            const int64_t ix = taps[0].index[x], iy = taps[1].index[y], iz = taps[2].index[z];
            if (ix < 0 || iy < 0 || iz < 0) continue;
            const int64_t at = (iz * call.sizes[1] + iy) * call.sizes[0] + ix;
            sum += taps[2].weight[z] * taps[1].weight[y] * taps[0].weight[x] *
                   load_wide<A>(call.x, call.number, image * plane + at);
          }
        }
      }
      store_wide(call.y, call.number, image * call.outputs + o, sum);
    }
  }
}

}  // namespace

void launch_grid_sample(const GridSampleCall& call, void* stream) {
  const int64_t work = call.batch * blocks_for(call.channels, kChannels) * call.outputs;
  if (work == 0) return;
  visit_wide(call.number == Number::F64 || call.grid_number == Number::F64,
             [&]<class A>() { launch(grid_sample_kernel<A>, over_elements(work), stream, call); });
}

}  // namespace mica::cuda
