// Det, ai.onnx 11: the determinants of square matrices [..., M, M], by Gaussian elimination with partial pivoting, in
// double.
#include "backends/cpu/thread_pool.h"
#include "kernels/float_conversion.h"
#include "kernels/linalg/determinant.h"
#include "kernels/op.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  if (dims->size() < 2) ctx.fail("the input " + str(*dims) + " holds no matrices");
  ctx.merge(dims->back(), (*dims)[dims->size() - 2], "dims of the matrices");
  ctx.set(0, ctx.dtype(0), Dims(dims->begin(), dims->end() - 2));
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2 || shape.back() != shape[shape.rank() - 2]) bad_input("the input " + x.str() + " is not square");
  const int64_t n = shape.back(), count = shape.elements(0, shape.rank() - 2);
  if (io.out(0).elements() != count) bad_input("the output is " + io.out(0).str());
  const int64_t parts = std::min<int64_t>(count, io.threads().threads());
  double* rooms = io.scratch<double>(parts * n * n);
  double* results = io.scratch<double>(count);
  const int64_t size = bit_width(x.dtype()) / 8;
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    double* matrix = rooms + begin * n * n;
    for (int64_t i = begin * count / parts; i < end * count / parts; ++i) {
      convert_floats(x.dtype(), x.data<std::byte>() + i * n * n * size, DType::F64, matrix, n * n);
      results[i] = determinant(matrix, n);
    }
  });
  convert_floats(DType::F64, results, io.out(0).dtype(), io.out(0).mutable_raw(), count);
}

}  // namespace

MICA_OP(Det, 11) {
  return op().input("X", types::floats).output("Y").infer<infer>().cpu<run_cpu>();
}

}  // namespace mica
