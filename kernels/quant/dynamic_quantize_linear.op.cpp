// DynamicQuantizeLinear, ai.onnx 11:  y = saturate(round(x / y_scale) + y_zero_point), with y_scale and y_zero_point
// such that the range of x, 0 included, becomes that of uint8.
#include <algorithm>
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/quant/dynamic_quantize.h"
#include "kernels/quant/quantize_simd.h"

namespace mica {

ByteScale dynamic_scale(const float* x, int64_t count) {
  float low = 0;
  float high = 0;
  quantize_kernels().range(x, count, &low, &high);
  const float scale = low == high ? 1.0f : (high - low) / 255.0f;
  const float zero = -low / scale;  // not a number where both are infinite
  return {scale, zero > 0 ? static_cast<int32_t>(std::nearbyint(std::min(zero, 255.0f))) : 0};
}

void quantize_bytes(ThreadPool& threads, const float* x, const ByteScale& by, uint8_t* y, int64_t count) {
  threads.parallel_for(count, 16384, [&](int64_t begin, int64_t end) {
    quantize_kernels().quantize_u8(x + begin, by.scale, by.zero, y + begin, end - begin);
  });
}

namespace {

void infer(const NoParams&, InferContext& ctx) {
  ctx.set(0, DType::U8, ctx.type(0).dims);
  ctx.set(1, DType::F32, Dims{});
  ctx.set(2, DType::U8, Dims{});
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(0);
  const ByteScale by = dynamic_scale(x.data<float>(), x.elements());
  if (io.wants(0)) quantize_bytes(io.threads(), x.data<float>(), by, io.out(0).mutable_data<uint8_t>(), x.elements());
  if (io.wants(1)) *io.out(1).mutable_data<float>() = by.scale;
  if (io.wants(2)) *io.out(2).mutable_data<uint8_t>() = static_cast<uint8_t>(by.zero);
}

}  // namespace

MICA_OP(DynamicQuantizeLinear, 11) {
  return op().input("x", types::f32).output("y").output("y_scale").output("y_zero_point").infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
