// Hardmax, ai.onnx 1: 1 at the first of the largest elements, 0 elsewhere; along one axis from version 13 on, before
// over all axes from `axis` on.
#include "backends/cpu/thread_pool.h"
#include "kernels/softmax/axis.h"
#include "kernels/wide.h"

namespace mica {
namespace {

// Elements `stride` apart.
template <class T>
void hardmax(const T* x, T* y, int64_t width, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i) {
    if (Wide<T>(x[best * stride]) < Wide<T>(x[i * stride])) best = i;
  }
  for (int64_t i = 0; i < width; ++i) y[i * stride] = T(i == best ? 1.0f : 0.0f);
}

void run_cpu(const AlongAxis& op, const Operands& io) {
  const AxisExtent e = axis_extent(op, io.in(0).shape());
  if (e.width == 0) return;
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const T* x = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    io.threads().parallel_for(e.outer * e.inner, std::max<int64_t>(1, 4096 / e.width), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row / e.inner * e.inner * e.width + row % e.inner;
        hardmax(x + at, y + at, e.width, e.inner);
      }
    });
  });
}

}  // namespace

MICA_OP(Hardmax, 13) {
  return along_axis({}).cpu<run_cpu>();
}
MICA_OP(Hardmax, 1) {
  return along_axis(kFlattening).cpu<run_cpu>();
}

}  // namespace mica
