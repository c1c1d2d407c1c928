#include "kernels/activation/row_activation_cuda.h"
#include "kernels/elementwise/element_functions.cuh"

namespace mica::cuda {
namespace {

template <class W>
__device__ W activation(UnaryFunction function, W x) {
  switch (function) {
    case UnaryFunction::Silu:
      return apply(UnaryFunction::Silu, x, W(0), W(0));
    case UnaryFunction::Gelu:
      return apply(UnaryFunction::Gelu, x, W(0), W(0));
    default:
      return apply(UnaryFunction::GeluTanh, x, W(0), W(0));
  }
}

template <class T, bool gated>
__global__ void row_activation_kernel(RowActivationCall call) {
  const T* x = static_cast<const T*>(call.x);
  const T* terms = static_cast<const T*>(call.terms);
  T* y = static_cast<T*>(call.y);
  for (int64_t i = first_element(); i < call.rows * call.width; i += element_stride()) {
    const int64_t row = i / call.width, column = i - row * call.width;
    if constexpr (gated) {
      const T* both = x + row * 2 * call.width;
      y[i] = narrow<T>(activation(call.function, widen(both[column])) * widen(both[call.width + column]));
    } else {
      y[i] = narrow<T>(activation(call.function, widen(x[i]) + widen(terms[column])));
    }
  }
}

template <bool gated>
void launch_rows(const RowActivationCall& call, void* stream) {
  if (call.rows * call.width == 0) return;
  visit_float(call.number, [&]<class T>() {
    launch(row_activation_kernel<T, gated>, over_elements(call.rows * call.width), stream, call);
  });
}

}  // namespace

void launch_gated(const RowActivationCall& call, void* stream) {
  launch_rows<true>(call, stream);
}

void launch_biased(const RowActivationCall& call, void* stream) {
  launch_rows<false>(call, stream);
}

}  // namespace mica::cuda
