// Hardmax, ai.onnx 1: 1 at the first of the largest elements, 0 elsewhere; along one axis from version 13 on, before
// over all axes from `axis` on.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

struct Hardmax {
  int64_t axis = -1;
  bool flatten = false;  ///< as before version 13
};

void infer(const Hardmax& op, InferContext& ctx) {
  if (const Dims* dims = ctx.dims(0)) ctx.axis(op.axis, dims->size(), op.flatten || dims->empty());
  ctx.set(0, ctx.type(0));
}

// Elements `stride` apart.
template <class T>
void hardmax(const T* x, T* y, int64_t width, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i) {
    if (Wide<T>(x[best * stride]) < Wide<T>(x[i * stride])) best = i;
  }
  for (int64_t i = 0; i < width; ++i) y[i * stride] = T(i == best ? 1.0f : 0.0f);
}

void run_cpu(const Hardmax& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const bool one_row = op.flatten || shape.rank() == 0;
  const size_t axis = normalize_axis(op.axis, shape.rank(), one_row);
  const int64_t width = one_row ? shape.elements(axis, shape.rank()) : shape[axis];
  const int64_t inner = one_row ? 1 : shape.elements(axis + 1, shape.rank());
  if (shape.elements() == 0) return;
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const T* x = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    const int64_t grain = std::max<int64_t>(1, 4096 / width);
    io.threads().parallel_for(shape.elements() / width, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row / inner * inner * width + row % inner;
        hardmax(x + at, y + at, width, inner);
      }
    });
  });
}

OpBuilder<Hardmax> hardmax(const Hardmax& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &Hardmax::axis)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(Hardmax, 13) {
  return hardmax(Hardmax{});
}
MICA_OP(Hardmax, 1) {
  return hardmax(Hardmax{1, true});
}

}  // namespace mica
