// TopK, ai.onnx 1: the k largest elements along an axis, or from version 11 on with largest = 0 the smallest, and their
// indices. They are sorted whether or not `sorted` asks for it; of equals the one with the lower index comes first. NaN
// counts as larger than all others. k is an attribute before version 10 and an input since.
#include "kernels/op.h"
#include "kernels/reduce/order_keys.h"
#include "kernels/reduce/ranking.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void infer(const TopK& op, InferContext& ctx) {
  std::optional<Dims> result;
  if (const Dims* dims = ctx.dims(0)) {
    result = *dims;
    Dim& dim = (*result)[ctx.axis(op.axis, dims->size())];
    Dim k = op.k;
    if (ctx.has(1)) {
      const auto contents = ctx.contents(1);
      if (contents && contents->size() != 1) ctx.fail("K has " + std::to_string(contents->size()) + " elements");
      k = contents ? contents->front() : ctx.unknown();
    }
    if (k.is_constant() && (k.value() < 0 || (dim.is_constant() && k.value() > dim.value()))) {
      ctx.fail("k is " + k.str() + " for an axis of " + dim.str() + " elements");
    }
    dim = k;
  }
  ctx.set(0, ctx.dtype(0), result);
  ctx.set(1, DType::I64, result);
}

void run_cpu(const TopK& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  const Shape& result = io.out(0).shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  const int64_t width = shape[axis], k = result[axis];
  const int64_t inner = shape.elements(axis + 1, shape.rank());
  const int64_t rows = shape.elements(0, axis) * inner;
  if (k > width) bad_input("k is " + std::to_string(k) + " for an axis of " + std::to_string(width) + " elements");
  if (result.elements() != rows * k || io.out(1).elements() != rows * k) bad_input("the output has " + result.str());
  if (!types::numeric.contains(x.dtype())) bad_input("cannot compare " + x.str());
  const ElementMoves& moves = moves_of(x.dtype());
  uint64_t* keys = io.scratch<uint64_t>(width);
  RankedKey* ranked = io.scratch<RankedKey>(width);
  int64_t* from = io.scratch<int64_t>(k);  // places of a row's results
  int64_t* to = io.scratch<int64_t>(k);
  std::byte* results = io.scratch<std::byte>(k * moves.size);
  int64_t* indices = io.out(1).mutable_data<int64_t>();
  for (int64_t i = 0; i < k; ++i) to[i] = i * inner;
  for (int64_t row = 0; row < rows; ++row) {
    const std::byte* elements = moves.at(x.raw(), row / inner * inner * width + row % inner);
    order_keys(x.dtype(), elements, width, inner, op.largest, !op.largest, keys);
    rank_keys(keys, width, k, ranked);
    const int64_t first = row / inner * inner * k + row % inner;
    for (int64_t i = 0; i < k; ++i) {
      from[i] = ranked[i].index * inner;
      indices[first + to[i]] = ranked[i].index;
    }
    moves.gather(elements, from, k, 1, results);
    moves.scatter(results, to, k, 1, moves.at(io.out(0).mutable_raw(), first));
  }
}

OpBuilder<TopK> topk() {
  return op<TopK>()
      .input("X", types::numeric)
      .output("Values")
      .output("Indices")
      .attribute("axis", &TopK::axis)
      .infer<infer>()
      .cpu<run_cpu>();
}

void prepare(TopK& op, const NodeFacts&) {
  if (op.k < 0) throw Error(ErrorCode::InvalidModel, "k is " + std::to_string(op.k));
}

}  // namespace

MICA_OP(TopK, 11) {
  return topk().input("K", types::int64).attribute("largest", &TopK::largest).ignored_attribute("sorted");
}

MICA_OP(TopK, 10) {
  return topk().input("K", types::int64);
}

MICA_OP(TopK, 1) {
  return topk().required("k", &TopK::k).prepare<prepare>();
}

}  // namespace mica
