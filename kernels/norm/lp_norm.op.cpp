// LpNormalization, ai.onnx 1:  output = input / norm along `axis`, the norm being sum |x| (p = 1) or sqrt(sum x^2)
// (p = 2). Where the norm is 0, so is the output.
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/norm/line_norm.h"
#include "kernels/op.h"
#include "kernels/wide.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const LpNorm& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  if (op.p != 1 && op.p != 2) throw_error(ErrorCode::InvalidModel, {"p is ", op.p, ", neither 1 nor 2"});
  if (const Dims* dims = ctx.dims(0)) ctx.axis(op.axis, dims->size());
}

constexpr int64_t kBlock = 64;

/// `columns` neighbours, each the first of `count` elements that are `stride` apart.
template <class T>
void normalize(const LpNorm& op, const T* x, T* y, int64_t count, int64_t stride, int64_t columns) {
  double norms[kBlock] = {};
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const double v = static_cast<double>(x[i * stride + j]);
      norms[j] += op.p == 1 ? std::abs(v) : v * v;
    }
  }
  for (int64_t j = 0; j < columns && op.p == 2; ++j) norms[j] = std::sqrt(norms[j]);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const double v = static_cast<double>(x[i * stride + j]);
      y[i * stride + j] = static_cast<T>(static_cast<Wide<T>>(norms[j] == 0 ? 0 : v / norms[j]));
    }
  }
}

void run_cpu(const LpNorm& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  const int64_t count = shape[axis], inner = shape.elements(axis + 1, shape.rank());
  const int64_t blocks = (inner + kBlock - 1) / kBlock;
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, count * std::min(kBlock, inner)));
    io.threads().parallel_for(shape.elements(0, axis) * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * kBlock, at = i / blocks * count * inner + first;
        normalize(op, io.in(0).data<T>() + at, io.out(0).mutable_data<T>() + at, count, inner,
                  std::min(kBlock, inner - first));
      }
    });
  });
}

}  // namespace

MICA_OP(LpNormalization, 1) {
  return op<LpNorm>()
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &LpNorm::axis)
      .attribute("p", &LpNorm::p)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
