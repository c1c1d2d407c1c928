// Convolutions of bytes, exactly in int32.
#include "kernels/conv/conv_tile.cuh"
#include "kernels/conv/int8_conv_epilogue.cuh"

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
  __device__ static void store(const Call& call, int64_t place, int32_t filter, W sum) {
    store_int8_conv(call, place, filter, sum);
  }
};

}  // namespace

void launch_int8_conv(const Int8ConvCall& call, void* stream) {
  launch_conv_of<Bytes>(call, stream);
}

}  // namespace mica::cuda
