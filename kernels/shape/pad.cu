#include "kernels/cuda/element.cuh"
#include "kernels/shape/pad_cuda.h"

namespace mica::cuda {
namespace {

template <class T>
__global__ void pad_kernel(const __grid_constant__ PadCall call) {
  for (int64_t i = first_element(); i < call.elements; i += element_stride()) {
    int64_t rest = i, from = 0;
    for (int k = 0; k < call.rank; ++k) {
      const PadCall::Axis& axis = call.axes[k];
      const int64_t outer = rest / axis.extent, place = rest - outer * axis.extent;
      from += (axis.kept + mirrored(call.mode, place - axis.at, axis.count)) * axis.step;
      rest = outer;
    }
    static_cast<T*>(call.to)[i] = static_cast<const T*>(call.from)[from];
  }
}

}  // namespace

void launch_pad(const PadCall& call, void* stream) {
  if (call.elements == 0) return;
  visit_width(call.width, [&]<class T>() { launch(pad_kernel<T>, over_elements(call.elements), stream, call); });
}

}  // namespace mica::cuda
