#include "kernels/cuda/element.cuh"
#include "kernels/shape/time_rows_cuda.h"

namespace mica::cuda {
namespace {

template <class T>
__global__ void reverse_kernel(const __grid_constant__ ReverseCall call) {
  for (int64_t i = first_element(); i < call.batch * call.time * call.width; i += element_stride()) {
    const int64_t column = i % call.width, time = i / call.width % call.time, b = i / call.width / call.time;
    int64_t length = call.lengths[b];
    if (length < 0 || length > call.time) {
      call.fault.report();
      length = 0;
    }
    const int64_t source = time < length ? length - 1 - time : time, at = b * call.batch_stride + column;
    static_cast<T*>(call.to)[at + time * call.time_stride] =
        static_cast<const T*>(call.from)[at + source * call.time_stride];
  }
}

template <class T>
__global__ void cache_rows_kernel(const __grid_constant__ CacheRowsCall call) {
  for (int64_t i = first_element(); i < call.rows * call.steps * call.width; i += element_stride()) {
    const int64_t column = i % call.width, step = i / call.width % call.steps, row = i / call.width / call.steps;
    const int64_t first = call.first == nullptr ? 0 : call.first[row / call.per_batch];
    int64_t place = first + step;
    if (call.circular) {
      place = (first % call.length + call.length + step) % call.length;
      // Of rows that meet in one place the last stays.
      if (step + call.length < call.steps) continue;
    } else if (first < 0 || first > call.length - call.steps) {
      call.fault.report();
      continue;
    }
    static_cast<T*>(call.to)[(row * call.length + place) * call.width + column] = static_cast<const T*>(call.from)[i];
  }
}

}  // namespace

void launch_reverse(const ReverseCall& call, void* stream) {
  const int64_t elements = call.batch * call.time * call.width;
  if (elements == 0) return;
  visit_width(call.element_width, [&]<class T>() { launch(reverse_kernel<T>, over_elements(elements), stream, call); });
}

void launch_cache_rows(const CacheRowsCall& call, void* stream) {
  const int64_t elements = call.rows * call.steps * call.width;
  if (elements == 0 || (call.circular && call.length == 0)) return;
  visit_width(call.element_width,
              [&]<class T>() { launch(cache_rows_kernel<T>, over_elements(elements), stream, call); });
}

}  // namespace mica::cuda
