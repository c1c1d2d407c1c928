// Softmax, ai.onnx 1:     Y = exp(X) / sum(exp(X))
// LogSoftmax, ai.onnx 1:  Y = log(softmax(X))
// along one axis from version 13 on; before, over all axes from `axis` on.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/softmax/rows.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct Softmax {
  int64_t axis = -1;
  bool flatten = false;  ///< as before version 13
};

void infer(const Softmax& op, InferContext& ctx) {
  if (const Dims* dims = ctx.dims(0)) ctx.axis(op.axis, dims->size(), op.flatten || dims->empty());
  ctx.set(0, ctx.type(0));
}

// Neighbours along the axis are `inner` elements apart.
template <class F>
void run_cpu(const Softmax& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const size_t axis = normalize_axis(op.axis, shape.rank(), op.flatten || shape.rank() == 0);
  const int64_t width = op.flatten ? shape.elements(axis, shape.rank()) : shape.rank() == 0 ? 1 : shape[axis];
  const int64_t inner = op.flatten || shape.rank() == 0 ? 1 : shape.elements(axis + 1, shape.rank());
  if (shape.elements() == 0) return;
  visit_wide(io.in(0).dtype(), [&]<class T>() {
    const T* x = widen<T>(io, io.in(0));
    const WideOutput<T> y(io, io.out(0));
    const int64_t grain = std::max<int64_t>(1, 1024 / width);
    io.threads().parallel_for(shape.elements() / width, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row / inner * inner * width + row % inner;
        F::template row<T>(x + at, y.data() + at, width, inner);
      }
    });
    y.store();
  });
}

struct Plain {
  template <class T>
  static void row(const T* x, T* y, int64_t width, int64_t stride) {
    softmax_row(x, y, width, stride);
  }
};

struct Log {
  template <class T>
  static void row(const T* x, T* y, int64_t width, int64_t stride) {
    log_softmax_row(x, y, width, stride);
  }
};

template <class F>
OpBuilder<Softmax> softmax(const Softmax& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &Softmax::axis)
      .template infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<F>>();
}

constexpr Softmax kFlattening{1, true};

}  // namespace

MICA_OP(Softmax, 13) {
  return softmax<Plain>({});
}

MICA_OP(Softmax, 1) {
  return softmax<Plain>(kFlattening);
}

MICA_OP(LogSoftmax, 13) {
  return softmax<Log>({});
}

MICA_OP(LogSoftmax, 1) {
  return softmax<Log>(kFlattening);
}

}  // namespace mica
