// LRN, ai.onnx 1:  Y[n, c] = X[n, c] / (bias + alpha / size * sum(X[n, i]^2)) ^ beta
// over the channels i from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2) that exist.
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/activation/unary_simd.h"
#include "kernels/norm/line_norm.h"
#include "kernels/op.h"
#include "kernels/wide.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const Lrn& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  if (op.size < 1) throw_error(ErrorCode::InvalidModel, {"size is ", op.size});
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() < 2)
    throw_error(ErrorCode::InvalidModel, {"the input ", *dims, " has no axis of channels"});
}

/// x = x^power
void raise(double* x, int64_t count, float power) {
  for (int64_t i = 0; i < count; ++i) x[i] = std::pow(x[i], static_cast<double>(power));
}
void raise(float* x, int64_t count, float power) {
  unary_kernels().log(x, x, count);
  unary_kernels().affine(x, x, count, power, 0);
  unary_kernels().exp(x, x, count);
}

constexpr int64_t kBlock = 256;

/// `count` columns, at most kBlock, of one instance's channels, which are `plane` elements long.

template <class T>
void normalize(const Lrn& op, const T* x, T* y, int64_t channels, int64_t plane, int64_t count) {
  using W = Wide<T>;
  const int64_t before = (op.size - 1) / 2, after = op.size / 2;
  W sums[kBlock];
  for (int64_t c = 0; c < channels; ++c) {
    std::fill_n(sums, count, W{0});
    const int64_t last = after < channels - 1 - c ? c + after : channels - 1;
    for (int64_t k = std::max<int64_t>(0, c - before); k <= last; ++k) {
      const T* from = x + k * plane;
      for (int64_t i = 0; i < count; ++i) sums[i] += static_cast<W>(from[i]) * static_cast<W>(from[i]);
    }
    const W factor = static_cast<W>(op.alpha) / static_cast<W>(op.size);
    for (int64_t i = 0; i < count; ++i) sums[i] = static_cast<W>(op.bias) + factor * sums[i];
    raise(sums, count, -op.beta);
    const T* from = x + c * plane;
    T* to = y + c * plane;
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(static_cast<W>(from[i]) * sums[i]);
  }
}

void run_cpu(const Lrn& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  if (shape.rank() < 2) throw_error(ErrorCode::InvalidArgument, {"the input ", io.in(0), " has no axis of channels"});
  const int64_t channels = shape[1], plane = shape.elements(2, shape.rank());
  const int64_t blocks = (plane + kBlock - 1) / kBlock;
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    io.threads().parallel_for(shape[0] * blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * kBlock, at = i / blocks * channels * plane + first;
        normalize(op, io.in(0).data<T>() + at, io.out(0).mutable_data<T>() + at, channels, plane,
                  std::min(kBlock, plane - first));
      }
    });
  });
}

}  // namespace

MICA_OP(LRN, 1) {
  return op<Lrn>()
      .input("X", types::floats)
      .output("Y")
      .attribute("alpha", &Lrn::alpha)
      .attribute("beta", &Lrn::beta)
      .attribute("bias", &Lrn::bias)
      .required("size", &Lrn::size)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
