// Convolutions of bytes, exactly in int32.
#include "kernels/conv/conv_tile.cuh"
#include "kernels/conv/int8_conv_cuda.h"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {
namespace {

struct Bytes {
  using Call = Int8ConvCall;
  using W = int32_t;
  static constexpr bool kSmallTiles = true;

  __device__ static W x(const Call& call, int64_t place) {
    return code_at(call.x, call.x_number, place) - zero_at(call.x_by.zero, 0);
  }
  __device__ static W w(const Call& call, int64_t place, int32_t filter) {
    return code_at(call.w, call.w_number, place) - zero_at(call.w_by.zero, filter);
  }
  __device__ __noinline__ static void store(const Call& call, int64_t place, int32_t filter, W sum) {
    if (call.bias != nullptr) {
      sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(call.bias[filter]));
    }
    if (call.to == Number::I32) {
      static_cast<int32_t*>(call.y)[place] = sum;
      return;
    }
    const float scales = __fmul_rn(scale_at(call.x_by.scale, 0), scale_at(call.w_by.scale, filter));
    const float value = __fmul_rn(static_cast<float>(sum), scales / scale_at(call.y_by.scale, 0));
    store_integer(call.y, call.to, place, quantized(value, zero_at(call.y_by.zero, 0), call.to));
  }
};

}  // namespace

void launch_int8_conv(const Int8ConvCall& call, void* stream) {
  launch_conv_of<Bytes>(call, stream);
}

}  // namespace mica::cuda
