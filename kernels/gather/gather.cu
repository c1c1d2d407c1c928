#include "kernels/cuda/element.cuh"
#include "kernels/gather/gather_cuda.h"

namespace mica::cuda {
namespace {

__device__ int64_t index_at(const Indices& indices, int64_t i) {
  return indices.wide ? static_cast<const int64_t*>(indices.data)[i] : static_cast<const int32_t*>(indices.data)[i];
}

// `Unit` is what a thread moves, an element or 16 bytes of neighbours; `slice` counts units.
template <class Unit>
__global__ void gather_kernel(GatherCall call, int64_t slice) {
  const Unit* from = static_cast<const Unit*>(call.from);
  Unit* to = static_cast<Unit*>(call.to);
  const int64_t units = call.rows * call.picks * slice;
  for (int64_t i = first_element(); i < units; i += element_stride()) {
    const int64_t block = i / slice, unit = i - block * slice;
    const int64_t row = block / call.picks;
    const int64_t place = place_of(index_at(call.indices, block - row * call.picks), call.count);
    if (place < 0) call.fault.report();
    to[i] = place < 0 ? Unit{} : from[(row * call.count + place) * slice + unit];
  }
}

bool is_aligned(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % sizeof(int4) == 0;
}

}  // namespace

void launch_gather(const GatherCall& call, void* stream) {
  const int64_t elements = call.rows * call.picks * call.slice;
  if (elements == 0) return;
  const int64_t bytes = call.slice * call.width;
  const bool wide = bytes % static_cast<int64_t>(sizeof(int4)) == 0 && is_aligned(call.from) && is_aligned(call.to);
  const int64_t width = wide ? static_cast<int64_t>(sizeof(int4)) : call.width;
  visit_width(width, [&]<class Unit>() {
    launch(gather_kernel<Unit>, over_elements(elements * call.width / width), stream, call, bytes / width);
  });
}

}  // namespace mica::cuda
