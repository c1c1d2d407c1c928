// Conversion through a type that holds every number of the source: float, double or int64.
#include "kernels/cast/cast_cuda.h"
#include "kernels/cuda/element.cuh"

namespace mica::cuda {
namespace {

template <class W>
__device__ W load(const CastCall& call, int64_t i) {
  if constexpr (W(0.5) == 0) {
    return load_integer(call.x, call.from, i);
  } else if constexpr (sizeof(W) == sizeof(double)) {
    return static_cast<const double*>(call.x)[i];
  } else {
    return load_float(call.x, call.from, i);
  }
}

// Truncates towards zero; what T does not hold gives its least number.
template <class T, class W>
__device__ T truncate(W value, T least) {
  const W end = -static_cast<W>(least);
  return value >= -end && value < end ? static_cast<T>(value) : least;
}

template <class W>
__device__ int64_t integer(W value, Number to) {
  if (to == Number::Bool) return value != 0;
  if constexpr (W(0.5) == 0) {
    return value;
  } else {
    if (to == Number::I64 || to == Number::U32) return truncate<int64_t>(value, INT64_MIN);
    return truncate<int32_t>(value, INT32_MIN);
  }
}

template <class W>
__global__ void cast_kernel(CastCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const W value = load<W>(call, i);
    switch (call.to) {
      case Number::F32:
        static_cast<float*>(call.y)[i] = static_cast<float>(value);
        break;
      case Number::F64:
        static_cast<double*>(call.y)[i] = static_cast<double>(value);
        break;
      case Number::F16:
        static_cast<__half*>(call.y)[i] = __double2half(static_cast<double>(value));
        break;
      case Number::BF16:
        static_cast<__nv_bfloat16*>(call.y)[i] = __double2bfloat16(static_cast<double>(value));
        break;
      default:
        store_integer(call.y, call.to, i, integer(value, call.to));
    }
  }
}

}  // namespace

void launch_cast(const CastCall& call, void* stream) {
  if (call.count == 0) return;
  const auto kernel = call.from == Number::F64 ? cast_kernel<double>
                      : is_float(call.from)    ? cast_kernel<float>
                                               : cast_kernel<int64_t>;
  launch(kernel, over_elements(call.count), stream, call);
}

}  // namespace mica::cuda
