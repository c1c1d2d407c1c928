// QLinearAdd, com.microsoft 1:  C = quantize(dequantize(A) + dequantize(B))
// QLinearMul, com.microsoft 1:  C = saturate(round((A - A_zero) * (B - B_zero) * (A_scale * B_scale / C_scale)) +
// C_zero) with numpy's broadcasting.
#include "backends/cpu/thread_pool.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/op.h"
#include "kernels/quant/byte_map.h"

namespace mica {
namespace {

enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kCScale, kCZero };

constexpr int64_t kChunk = 512;

void infer(InferContext& ctx) {
  for (const size_t input : {kAZero, kB, kBZero, kCZero}) same_dtype(ctx, kA, input);
  std::optional<Dims> dims;
  if (ctx.dims(kA) != nullptr && ctx.dims(kB) != nullptr) dims = ctx.broadcast(*ctx.dims(kA), *ctx.dims(kB));
  ctx.set(0, ctx.dtype(kA), std::move(dims));
}

/// Elements of an operand at a time, the first one over and over where it repeats.
template <class T>
struct Operand {
  const T* data;
  bool repeats;
  const T* at(int64_t i, int64_t count, T* local) const {
    if (!repeats) return data + i;
    return std::fill_n(local, count, *data), local;
  }
};

template <class T>
struct Add {
  static ByteBinaryLoop<T> loop() { return ByteLoops<T>::add(); }
};

template <class T>
struct Mul {
  static ByteBinaryLoop<T> loop() { return ByteLoops<T>::multiply(); }
};

template <template <class> class F>
void run_cpu(const NoParams&, const Operands& io) {
  Tensor& c = io.out(0);
  const BroadcastOperand operands[] = {BroadcastOperand(io.in(kA)), BroadcastOperand(io.in(kB))};
  const BroadcastWalk walk(BroadcastOperand(c), operands);
  visit_dtype<uint8_t, int8_t>(c.dtype(), [&]<class T>() {
    const ByteBinaryLoop<T> loop = F<T>::loop();
    const ByteQuantization by_a = byte_quantization(io, kAScale, kAZero), by_b = byte_quantization(io, kBScale, kBZero);
    const ByteQuantization by_c = byte_quantization(io, kCScale, kCZero);
    walk.run(io.threads(), kElementwiseGrain, [&](const BroadcastWalk::Row& row) {
      const Operand<T> a{reinterpret_cast<const T*>(row.in[0]), walk.repeats(0)};
      const Operand<T> b{reinterpret_cast<const T*>(row.in[1]), walk.repeats(1)};
      T* to = reinterpret_cast<T*>(row.out);
      T left[kChunk], right[kChunk];
      for (int64_t i = 0; i < row.count; i += kChunk) {
        const int64_t count = std::min(kChunk, row.count - i);
        loop(a.at(i, count, left), by_a, b.at(i, count, right), by_b, to + i, by_c, count);
      }
    });
  });
}

template <template <class> class F>
OpBuilder<NoParams> qlinear() {
  return op()
      .input("A", kByteTypes)
      .input("A_scale", types::f32)
      .optional_input("A_zero_point", kByteTypes)
      .input("B", kByteTypes)
      .input("B_scale", types::f32)
      .optional_input("B_zero_point", kByteTypes)
      .input("C_scale", types::f32)
      .optional_input("C_zero_point", kByteTypes)
      .output("C")
      .infer<infer>()
      .cpu<run_cpu<F>>();
}

}  // namespace

MICA_OP(QLinearAdd, 1, com_microsoft) {
  return qlinear<Add>();
}

MICA_OP(QLinearMul, 1, com_microsoft) {
  return qlinear<Mul>();
}

}  // namespace mica
