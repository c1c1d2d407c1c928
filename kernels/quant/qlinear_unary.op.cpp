// QLinearSigmoid, com.microsoft 1:    Y = quantize(1 / (1 + exp(-dequantize(X))))
// QLinearLeakyRelu, com.microsoft 1:  Y = quantize(x < 0 ? alpha * x : x), x = dequantize(X)
#include "kernels/quant/qlinear_unary.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/quant/byte_map.h"

namespace mica {
namespace {

enum Input : size_t { kX, kXScale, kXZero, kYScale, kYZero };

void infer(InferContext& ctx) {
  same_dtype(ctx, kX, kXZero);
  same_dtype(ctx, kX, kYZero);
  ctx.set(0, ctx.type(kX));
}

template <class F>
void run_cpu(const F& function, const Operands& io) {
  const ByteQuantization from = byte_quantization(io, kXScale, kXZero);
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  visit_dtype<uint8_t, int8_t>(io.in(kX).dtype(), [&]<class T>() {
    const ByteMap<T> map(from, to, function);
    const T* x = io.in(kX).data<T>();
    T* y = io.out(0).mutable_data<T>();
    io.threads().parallel_for(io.in(kX).elements(), 16384,
                              [&](int64_t begin, int64_t end) { map.run(x + begin, y + begin, end - begin); });
  });
}

template <class F>
OpBuilder<F> qlinear() {
  return op<F>()
      .input("X", kByteTypes)
      .input("X_scale", types::f32)
      .optional_input("X_zero_point", kByteTypes)
      .input("Y_scale", types::f32)
      .optional_input("Y_zero_point", kByteTypes)
      .output("Y")
      .template infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<F>>();
}

}  // namespace

MICA_OP(QLinearSigmoid, 1, com_microsoft) {
  return qlinear<QLinearSigmoid>();
}

MICA_OP(QLinearLeakyRelu, 1, com_microsoft) {
  return qlinear<QLinearLeakyRelu>().attribute("alpha", &QLinearLeakyRelu::alpha);
}

}  // namespace mica
