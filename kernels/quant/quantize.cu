#include "kernels/cuda/team.cuh"
#include "kernels/quant/quant_numbers.cuh"
#include "kernels/quant/quantize_cuda.h"

namespace mica::cuda {
namespace {

__device__ float rounded(Number to, float x) {
  return to == Number::F16 ? widen(narrow<__half>(x)) : to == Number::BF16 ? widen(narrow<__nv_bfloat16>(x)) : x;
}

__global__ void quantize_kernel(const __grid_constant__ QuantizeCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t parameter = call.granules.of(i);
    const float x = call.from == Number::I32 ? static_cast<float>(static_cast<const int32_t*>(call.x)[i])
                                             : load_float(call.x, call.from, i);
    const float scale = rounded(call.precision, scale_at(call.scale, parameter));
    const float quotient = rounded(call.precision, rounded(call.precision, x) / scale);
    store_integer(call.y, call.to, i, quantized(quotient, zero_at(call.zero, parameter), call.to));
  }
}

__global__ void dequantize_kernel(const __grid_constant__ DequantizeCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t parameter = call.granules.of(i);
    const int64_t difference = load_integer(call.x, call.from, i) - zero_at(call.zero, parameter);
    const float value = static_cast<float>(difference) * scale_at(call.scale, parameter);
    store_float(call.y, call.to, i, value);
  }
}

struct Range {
  float low, high;
};
struct Widen {
  __device__ void operator()(Range& a, const Range& b) const {
    if (b.low < a.low) a.low = b.low;
    if (b.high > a.high) a.high = b.high;
  }
};

__global__ void range_kernel(const __grid_constant__ DynamicScaleCall call) {
  Range range{0, 0};
  for (int64_t i = first_element(); i < call.count; i += element_stride()) Widen()(range, {call.x[i], call.x[i]});
  range = Team<true>::all(range, Range{0, 0}, Widen());
  if (threadIdx.x != 0) return;
  call.partials[2 * blockIdx.x] = range.low;
  call.partials[2 * blockIdx.x + 1] = range.high;
}

// One block, of a thread for each partial range.
__global__ void scale_kernel(const __grid_constant__ DynamicScaleCall call) {
  const Range own{call.partials[2 * threadIdx.x], call.partials[2 * threadIdx.x + 1]};
  const Range range = Team<true>::all(own, Range{0, 0}, Widen());
  if (threadIdx.x != 0) return;
  const float scale = range.low == range.high ? 1.0f : (range.high - range.low) / 255.0f;
  const float zero = -range.low / scale;  // not a number where both are infinite
  *call.scale = scale;
  *call.zero = zero > 0 ? static_cast<uint8_t>(rint(zero < 255.0f ? zero : 255.0f)) : uint8_t{0};
}

}  // namespace

void launch_quantize(const QuantizeCall& call, void* stream) {
  if (call.count > 0) launch(quantize_kernel, over_elements(call.count), stream, call);
}

void launch_dequantize(const DequantizeCall& call, void* stream) {
  if (call.count > 0) launch(dequantize_kernel, over_elements(call.count), stream, call);
}

void launch_dynamic_scale(const DynamicScaleCall& call, void* stream) {
  constexpr unsigned kThreads = 256;
  launch(range_kernel, Grid{DynamicScaleCall::kPartials, 1, 1, kThreads}, stream, call);
  launch(scale_kernel, Grid{1, 1, 1, DynamicScaleCall::kPartials}, stream, call);
}

}  // namespace mica::cuda
