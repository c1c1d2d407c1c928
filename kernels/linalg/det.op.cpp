// Det, ai.onnx 11: the determinants of square matrices [..., M, M], by Gaussian elimination with partial pivoting, in
// double.
#include <algorithm>
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  if (dims->size() < 2) ctx.fail("the input " + str(*dims) + " holds no matrices");
  ctx.merge(dims->back(), (*dims)[dims->size() - 2], "dims of the matrices");
  ctx.set(0, ctx.dtype(0), Dims(dims->begin(), dims->end() - 2));
}

/// Of a matrix of n rows, which is overwritten.
double determinant(double* a, int64_t n) {
  double result = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    }
    if (pivot != k) {
      std::swap_ranges(a + k * n + k, a + k * n + n, a + pivot * n + k);
      result = -result;
    }
    const double head = a[k * n + k];
    result *= head;
    if (head == 0) return result;
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / head;
      for (int64_t j = k + 1; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return result;
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2 || shape.back() != shape[shape.rank() - 2]) bad_input("the input " + x.str() + " is not square");
  const int64_t n = shape.back(), count = shape.elements(0, shape.rank() - 2);
  if (io.out(0).elements() != count) bad_input("the output is " + io.out(0).str());
  const int64_t parts = std::min<int64_t>(count, io.threads().threads());
  double* rooms = io.scratch<double>(parts * n * n);
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&]<class T>() {
    io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      double* matrix = rooms + begin * n * n;
      for (int64_t i = begin * count / parts; i < end * count / parts; ++i) {
        std::transform(x.data<T>() + i * n * n, x.data<T>() + (i + 1) * n * n, matrix,
                       [](T value) { return static_cast<double>(value); });
        io.out(0).mutable_data<T>()[i] = static_cast<T>(static_cast<Wide<T>>(determinant(matrix, n)));
      }
    });
  });
}

}  // namespace

MICA_OP(Det, 11) {
  return op().input("X", types::floats).output("Y").infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
