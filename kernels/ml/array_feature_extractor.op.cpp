// ArrayFeatureExtractor, ai.onnx.ml 1: the elements of the last axis that the indices name. A vector counts as one row.
#include "kernels/gather/indices.h"
#include "kernels/op.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  const Dims* from = ctx.dims(0);
  if (from == nullptr) return ctx.set(0, ctx.dtype(0));
  if (from->empty()) ctx.fail("the input must have at least one axis");
  Dims dims = from->size() == 1 ? Dims{1, 1} : *from;
  const Dims* indices = ctx.dims(1);
  dims.back() = indices != nullptr ? product(*indices) : ctx.unknown();
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& z = io.out(0);
  if (x.shape().rank() == 0) bad_input("the input must have at least one axis");
  const int64_t width = x.shape().back();
  const int64_t rows = x.shape().elements(0, x.shape().rank() - 1);
  const int64_t count = io.in(1).elements();
  const int64_t* indices = checked_indices(io, io.in(1), width);
  if (z.elements() != rows * count) bad_input("extracting from " + x.str() + " does not fit " + z.str());
  const ElementMoves& moves = moves_of(x.dtype());
  for (int64_t row = 0; row < rows; ++row) {
    moves.gather(moves.at(x.raw(), row * width), indices, count, 1, moves.at(z.mutable_raw(), row * count));
  }
}

}  // namespace

MICA_OP(ArrayFeatureExtractor, 1, ai_onnx_ml) {
  return op()
      .input("X", types::numeric | types::string)
      .input("Y", types::int64)
      .output("Z")
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
