// TensorScatter, ai.onnx 24: writes new rows into a cache, for batch element b from row write_indices[b] on; the mode
// "circular" goes on at row 0 behind the last one.
#include "kernels/gather/tensor_scatter.h"

#include "kernels/gather/indices.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void prepare(TensorScatter& op, const NodeFacts&) {
  if (op.mode != "linear" && op.mode != "circular") {
    throw Error(ErrorCode::InvalidModel, "attribute \"mode\" is \"" + op.mode + "\", not linear or circular");
  }
}

void infer(const TensorScatter& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  ctx.set(0, ctx.type(0));
  const Dims* cache = ctx.dims(0);
  const Dims* update = ctx.dims(1);
  if (cache == nullptr || update == nullptr) return;
  if (cache->size() != update->size()) ctx.fail("ranks differ: " + str(*cache) + " and " + str(*update));
  const size_t axis = ctx.axis(op.axis, cache->size());
  if (axis == 0) ctx.fail("axis must not be the batch axis");
  for (size_t i = 0; i < cache->size(); ++i) {
    if (i != axis) ctx.merge((*cache)[i], (*update)[i], "dims of axis " + std::to_string(i));
  }
}

}  // namespace

CacheRows cache_rows(const TensorScatter& op, const Operands& io) {
  const Tensor& update = io.in(1);
  const Shape& shape = io.in(0).shape();
  const Shape& part = update.shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  bool fits = axis > 0 && part.rank() == shape.rank() && update.dtype() == io.in(0).dtype();
  for (size_t i = 0; fits && i < shape.rank(); ++i) fits = i == axis || part[i] == shape[i];
  if (!fits) bad_input("update " + update.str() + " does not fit cache " + io.in(0).str());
  if (io.has(2)) check_integers(io.in(2), shape[0], "write_indices");
  return {shape.elements(0, axis), shape.elements(1, axis), part[axis], shape[axis],
          shape.elements(axis + 1, shape.rank())};
}

namespace {

void run_cpu(const TensorScatter& op, const Operands& io) {
  const auto [rows, per_batch, steps, length, width] = cache_rows(op, io);
  const bool circular = op.mode == "circular";
  const Tensor& update = io.in(1);
  const ElementMoves& moves = moves_of(update.dtype());
  const void* from = load(io, update);
  void* to = stage(io, io.out(0));
  moves.copy(load(io, io.in(0)), io.out(0).elements(), to);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t first = io.has(2) ? integer_at(io.in(2), row / per_batch) : 0;
    if (!circular && (first < 0 || steps > length || first > length - steps)) {
      bad_input("writing " + std::to_string(steps) + " rows from row " + std::to_string(first) +
                " does not fit a cache of " + std::to_string(length));
    }
    if (length == 0) continue;
    const int64_t start = (first % length + length) % length;
    for (int64_t step = 0; step < steps; ++step) {
      const int64_t place = circular ? (start + step) % length : first + step;
      moves.copy(moves.at(from, (row * steps + step) * width), width, moves.at(to, (row * length + place) * width));
    }
  }
  store(to, io.out(0));
}

}  // namespace

MICA_OP(TensorScatter, 24) {
  return op<TensorScatter>()
      .input("past_cache", types::any)
      .input("update", types::any)
      .optional_input("write_indices", types::int64)
      .output("present_cache")
      .attribute("axis", &TensorScatter::axis)
      .attribute("mode", &TensorScatter::mode)
      .prepare<prepare>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
