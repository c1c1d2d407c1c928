// Gather, ai.onnx 1: the slices of `data` along one axis that `indices` names:
//   output[i.., j.., k..] = data[i.., indices[j..], k..]
#include "kernels/gather/gather.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/gather/indices.h"
#include "kernels/op.h"
#include "kernels/packing.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

// Contents are followed where the indices are numbers; the axis may have any place.
void infer_contents(InferContext& ctx, const Dims& from, size_t axis) {
  const auto data = ctx.contents(0);
  const auto indices = ctx.integers(1);
  const auto shape = to_shape(from);
  if (!data || !indices || !shape || shape->elements() != static_cast<int64_t>(data->size())) return;
  const int64_t count = (*shape)[axis];
  const int64_t width = shape->elements(axis + 1, shape->rank());
  Dims result;
  for (int64_t row = 0; row < shape->elements(0, axis); ++row) {
    for (const int64_t index : *indices) {
      const int64_t place = index < 0 ? index + count : index;
      if (place < 0 || place >= count) {
        ctx.fail("index " + std::to_string(index) + " is out of range for " + std::to_string(count) + " elements");
      }
      const auto first = data->begin() + (row * count + place) * width;
      result.insert(result.end(), first, first + width);
    }
  }
  ctx.set_contents(0, std::move(result));
}

void infer(const Gather& op, InferContext& ctx) {
  const Dims* data = ctx.dims(0);
  const Dims* indices = ctx.dims(1);
  if (data == nullptr) return ctx.set(0, ctx.dtype(0));
  const size_t axis = ctx.axis(op.axis, data->size());
  if (indices == nullptr) return ctx.set(0, ctx.dtype(0));
  if (data->size() + indices->size() > Shape::kMaxRank + 1) ctx.fail("the rank of the output is above the limit");
  const auto at = data->begin() + static_cast<ptrdiff_t>(axis);
  Dims dims(data->begin(), at);
  dims.insert(dims.end(), indices->begin(), indices->end());
  dims.insert(dims.end(), at + 1, data->end());
  infer_contents(ctx, *data, axis);
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

// Rows are copied as bytes.
std::shared_ptr<const void> prepack(const Gather&, const ConstantOperands& constants) {
  return leave(constants.in(0));
}

void run_cpu(const Gather& op, const Operands& io) {
  const Tensor& data = io.in(0);
  Tensor& y = io.out(0);
  const Shape& shape = data.shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  const int64_t rows = shape.elements(0, axis);
  const int64_t count = shape[axis];
  const int64_t width = shape.elements(axis + 1, shape.rank());
  const int64_t picks = io.in(1).elements();
  const int64_t* places = checked_indices(io, io.in(1), count, width);
  if (y.elements() != rows * picks * width) bad_input("gathering from " + data.str() + " does not fit " + y.str());
  const ElementMoves& moves = moves_of(data.dtype());
  const void* from = load(io, data);
  void* to = stage(io, y);
  io.threads().parallel_for(rows * picks, 1 + 16384 / (width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end;) {
      const int64_t row = i / picks, pick = i % picks;
      const int64_t n = std::min(picks - pick, end - i);
      moves.gather(moves.at(from, row * count * width), places + pick, n, width, moves.at(to, i * width));
      i += n;
    }
  });
  store(to, y);
}

}  // namespace

MICA_OP(Gather, 1) {
  return op<Gather>()
      .input("data", types::any)
      .input("indices", types::index)
      .output("output")
      .attribute("axis", &Gather::axis)
      .infer<infer>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
