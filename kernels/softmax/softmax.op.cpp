// Softmax, ai.onnx 1:     Y = exp(X) / sum(exp(X))
// LogSoftmax, ai.onnx 1:  Y = log(softmax(X))
// along one axis from version 13 on; before, over all axes from `axis` on.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/simd/storage.h"
#include "kernels/softmax/rows.h"
#include "kernels/softmax/softmax_simd.h"

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

/// The loop for elements of type T, passed as `stored` has them.
template <class T, bool log>
SoftmaxLoop<Stored<T>> softmax_loop() {
  if constexpr (std::is_same_v<T, double>) {
    return [](const double* x, double* y, int64_t n, int64_t stride, int64_t columns) {
      for (int64_t j = 0; j < columns; ++j) {
        log ? log_softmax_row(x + j, y + j, n, stride) : softmax_row(x + j, y + j, n, stride);
      }
    };
  } else {
    const auto& loops = loops_of<T>(softmax_kernels());
    return log ? loops.log_softmax : loops.softmax;
  }
}

// Neighbours along the axis are `inner` elements apart.
template <bool log>
void run_cpu(const Softmax& op, const Operands& io) {
  constexpr int64_t kColumns = 64;  // that are computed together where they are neighbours
  const Shape& shape = io.in(0).shape();
  const size_t axis = normalize_axis(op.axis, shape.rank(), op.flatten || shape.rank() == 0);
  const int64_t width = op.flatten ? shape.elements(axis, shape.rank()) : shape.rank() == 0 ? 1 : shape[axis];
  const int64_t inner = op.flatten || shape.rank() == 0 ? 1 : shape.elements(axis + 1, shape.rank());
  if (shape.elements() == 0) return;
  const int64_t blocks = (inner + kColumns - 1) / kColumns;
  const int64_t grain = std::max<int64_t>(1, 1024 / (width * std::min(inner, kColumns)));
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const auto loop = softmax_loop<T, log>();
    const auto* x = stored(io.in(0).data<T>());
    auto* y = stored(io.out(0).mutable_data<T>());
    io.threads().parallel_for(shape.elements() / (width * inner) * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * kColumns, at = i / blocks * width * inner + first;
        loop(x + at, y + at, width, inner, std::min(kColumns, inner - first));
      }
    });
  });
}

template <bool log>
OpBuilder<Softmax> softmax(const Softmax& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .output("output")
      .attribute("axis", &Softmax::axis)
      .template infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<log>>();
}

constexpr Softmax kFlattening{1, true};

}  // namespace

MICA_OP(Softmax, 13) {
  return softmax<false>({});
}

MICA_OP(Softmax, 1) {
  return softmax<false>(kFlattening);
}

MICA_OP(LogSoftmax, 13) {
  return softmax<true>({});
}

MICA_OP(LogSoftmax, 1) {
  return softmax<true>(kFlattening);
}

}  // namespace mica
