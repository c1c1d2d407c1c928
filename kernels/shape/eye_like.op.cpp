// EyeLike, ai.onnx 9: ones on the k-th diagonal of a matrix as large as the input, zeros elsewhere.
#include "kernels/shape/eye_like.h"

#include <algorithm>

#include "kernels/op.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

void infer(const EyeLike& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() != 2) ctx.fail("the input must be a matrix, not " + str(*dims));
  ctx.set(0, op.dtype.value_or(ctx.dtype(0)), dims != nullptr ? *dims : Dims{ctx.unknown(), ctx.unknown()});
}

void run_cpu(const EyeLike& op, const Operands& io) {
  Tensor& y = io.out(0);
  if (y.shape().rank() != 2) bad_input("the input must be a matrix, not " + io.in(0).str());
  const int64_t rows = y.shape()[0];
  const int64_t columns = y.shape()[1];
  const bool known = visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t,
                                 uint32_t, uint64_t, bool>(y.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    std::fill_n(to, y.elements(), T(0.0f));
    if (op.k >= columns || op.k <= -rows) return;
    for (int64_t row = std::max<int64_t>(0, -op.k); row < rows && row + op.k < columns; ++row) {
      to[row * columns + row + op.k] = T(1.0f);
    }
  });
  if (!known) bad_input("cannot make a diagonal of " + std::string(name(y.dtype())));
}

}  // namespace

MICA_OP(EyeLike, 9) {
  return op<EyeLike>()
      .input("input", types::numeric | types::boolean)
      .output("output")
      .attribute("dtype", &EyeLike::dtype)
      .attribute("k", &EyeLike::k)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
