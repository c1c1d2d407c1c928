#include "kernels/cuda/elements.cuh"
#include "kernels/shape/pattern_cuda.h"

namespace mica::cuda {
namespace {

template <class T>
__global__ void range_kernel(const __grid_constant__ RangeCall call) {
  using E = Elements<T>;
  using W = typename E::W;
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    if constexpr (W(0.5) != 0) {
      E::store(call.y, call.number, i, static_cast<W>(call.start) + static_cast<W>(i) * static_cast<W>(call.delta));
    } else {
      const uint64_t value =
          static_cast<uint64_t>(call.whole_start) + static_cast<uint64_t>(i) * static_cast<uint64_t>(call.whole_delta);
      E::store(call.y, call.number, i, static_cast<W>(value));
    }
  }
}

template <class T>
__global__ void diagonal_kernel(const __grid_constant__ DiagonalCall call, T one) {
  for (int64_t i = first_element(); i < call.rows * call.columns; i += element_stride()) {
    const int64_t row = i / call.columns, column = i - row * call.columns;
    static_cast<T*>(call.y)[i] = column - row == call.k ? one : T{};
  }
}

}  // namespace

void launch_range(const RangeCall& call, void* stream) {
  if (call.count == 0) return;
  visit_elements(call.number, [&]<class T>() { launch(range_kernel<T>, over_elements(call.count), stream, call); });
}

void launch_diagonal(const DiagonalCall& call, void* stream) {
  if (call.rows * call.columns == 0) return;
  visit_width(call.width, [&]<class T>() {
    if constexpr (sizeof(T) <= sizeof call.one) {
      launch(diagonal_kernel<T>, over_elements(call.rows * call.columns), stream, call, static_cast<T>(call.one));
    }
  });
}

}  // namespace mica::cuda
