// Trilu, ai.onnx 14: the upper or lower triangle of each matrix, from the k-th diagonal on; zeros elsewhere.
#include "kernels/shape/trilu.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

void infer(const Trilu&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() < 2) ctx.fail("the input must be matrices, not " + str(*dims));
  ctx.set(0, ctx.type(0));
}

void run_cpu(const Trilu& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2) bad_input("the input must be matrices, not " + x.str());
  const int64_t k = io.has(1) ? single_integer(io.in(1), "k") : 0;
  const int64_t height = shape[shape.rank() - 2];
  const int64_t width = shape.back();
  const ElementMoves& moves = moves_of(x.dtype());
  const void* from = load(io, x);
  void* to = stage(io, io.out(0));
  const int64_t rows = width > 0 ? x.elements() / width : 0;
  io.threads().parallel_for(rows, 1 + 16384 / (width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = row % height;
      // The diagonal's column in this row, kept clear of overflow; the lower triangle includes it.
      const int64_t diagonal = k > width ? width : k < -height ? -1 : i + k;
      const int64_t edge = std::clamp<int64_t>(diagonal + (op.upper ? 0 : 1), 0, width);
      const int64_t kept = row * width + (op.upper ? edge : 0), cleared = row * width + (op.upper ? 0 : edge);
      moves.copy(moves.at(from, kept), op.upper ? width - edge : edge, moves.at(to, kept));
      moves.clear(op.upper ? edge : width - edge, moves.at(to, cleared));
    }
  });
  store(to, io.out(0));
}

}  // namespace

MICA_OP(Trilu, 14) {
  return op<Trilu>()
      .input("input", types::any)
      .optional_input("k", types::int64)
      .output("output")
      .attribute("upper", &Trilu::upper)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
