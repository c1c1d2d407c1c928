// Compress, ai.onnx 9: the slices along an axis, or the elements of the flattened tensor, whose condition is true.
#include "kernels/gather/set_elements.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

struct Compress {
  std::optional<int64_t> axis;
};

void infer(const Compress& op, InferContext& ctx) {
  if (!op.axis) return ctx.set(0, ctx.dtype(0), Dims{ctx.unknown()});
  const Dims* from = ctx.dims(0);
  if (from == nullptr) return ctx.set(0, ctx.dtype(0));
  Dims dims = *from;
  dims[ctx.axis(*op.axis, dims.size())] = ctx.unknown();
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void run_cpu(const Compress& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape flat = op.axis ? x.shape() : Shape{x.elements()};
  const size_t axis = op.axis ? normalize_axis(*op.axis, flat.rank()) : 0;
  const int64_t whole = flat[axis];
  const int64_t limit = io.in(1).elements();
  if (limit > whole) bad_input("condition " + io.in(1).str() + " is longer than the axis of " + x.str());
  const void* condition = io.in(1).raw();
  const int64_t kept = count_set(DType::Bool, condition, limit);
  const int64_t rows = flat.elements(0, axis);
  const int64_t width = flat.elements(axis + 1, flat.rank());
  int64_t* places = io.scratch<int64_t>(kept);
  list_set(DType::Bool, condition, limit, places);
  for (int64_t i = 0; i < kept; ++i) places[i] *= width;
  Shape shape = flat;
  shape[axis] = kept;
  Tensor& y = io.allocate(0, x.dtype(), shape);
  const ElementMoves& moves = moves_of(x.dtype());
  const void* from = load(io, x);
  void* to = stage(io, y);
  for (int64_t row = 0; row < rows; ++row) {
    moves.gather(moves.at(from, row * whole * width), places, kept, width, moves.at(to, row * kept * width));
  }
  store(to, y);
}

}  // namespace

MICA_OP(Compress, 9) {
  return op<Compress>()
      .input("input", types::any)
      .input("condition", types::boolean)
      .output("output")
      .attribute("axis", &Compress::axis)
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
