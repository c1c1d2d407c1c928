// EyeLike, ai.onnx 9: ones on the k-th diagonal of a matrix as large as the input, zeros elsewhere.
#include "kernels/shape/eye_like.h"

#include <algorithm>

#include "kernels/op.h"
#include "kernels/shape/moves.h"
#include "kernels/wide_numbers.h"

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
  if (!types::numeric.contains(y.dtype()) && y.dtype() != DType::Bool) {
    bad_input("cannot make a diagonal of " + std::string(name(y.dtype())));
  }
  const ElementMoves& moves = moves_of(y.dtype());
  moves.clear(y.elements(), y.mutable_raw());
  if (op.k >= columns || op.k <= -rows) return;
  const double number = 1;
  double one = 0;  // room for any number
  narrow_numbers(DType::F64, &number, WideRounding::Truncate, y.dtype(), &one, 1);
  for (int64_t row = std::max<int64_t>(0, -op.k); row < rows && row + op.k < columns; ++row) {
    const int64_t place = row * columns + row + op.k;
    moves.spread(&one, &place, 1, y.mutable_raw());
  }
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
