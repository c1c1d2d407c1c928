// MeanVarianceNormalization, ai.onnx 9:  Y = (X - mean) / (sqrt(variance) + 1e-9)
// with the mean and variance over `axes`. The 1e-9 is of the function body in the standard.
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/reduce/reduce.h"
#include "kernels/wide.h"

namespace mica {
namespace {

struct MeanVarianceNorm {
  std::vector<int64_t> axes = {0, 2, 3};
};

void infer(const MeanVarianceNorm& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  const Dims* dims = ctx.dims(0);
  for (const int64_t axis : op.axes) {
    if (dims != nullptr) ctx.axis(axis, dims->size());
  }
}

/// Calls f(i) for the place of each element that is reduced to output `o`.
template <class F>
void for_each_reduced(const ReductionAxes& axes, int64_t o, F f) {
  const int64_t base = ReductionAxes::offset(axes.kept, axes.kept_count, o);
  const auto run = axes.run();
  axes.for_each_run([&](int64_t offset) {
    for (int64_t i = 0; i < run.size; ++i) f(base + offset + i * run.stride);
  });
}

void run_cpu(const MeanVarianceNorm& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  uint32_t reduced = 0;
  for (const int64_t axis : op.axes) reduced |= uint32_t{1} << normalize_axis(axis, shape.rank());
  if (shape.elements() == 0) return;
  const ReductionAxes axes = reduction_axes(shape, reduced);
  const double count = static_cast<double>(axes.reduced_elements());
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const T* x = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    io.threads().parallel_for(axes.outputs(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        double sum = 0, squares = 0;
        for_each_reduced(axes, o, [&](int64_t i) { sum += static_cast<double>(x[i]); });
        const double mean = sum / count;
        for_each_reduced(axes, o, [&](int64_t i) {
          const double d = static_cast<double>(x[i]) - mean;
          squares += d * d;
        });
        const double deviation = std::sqrt(squares / count) + 1e-9;
        for_each_reduced(axes, o, [&](int64_t i) {
          y[i] = static_cast<T>(static_cast<Wide<T>>((static_cast<double>(x[i]) - mean) / deviation));
        });
      }
    });
  });
}

}  // namespace

MICA_OP(MeanVarianceNormalization, 9) {
  return op<MeanVarianceNorm>()
      .input("X", types::floats)
      .output("Y")
      .attribute("axes", &MeanVarianceNorm::axes)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
