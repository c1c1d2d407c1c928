// Shape, ai.onnx 1: the dims of a tensor as an int64 vector; from version 15 those of the axes [start, end).
#include <algorithm>

#include "kernels/op.h"

namespace mica {
namespace {

struct ShapeOp {
  int64_t start = 0;
  std::optional<int64_t> end;
};

struct Interval {
  size_t begin, end;
};

Interval axes(const ShapeOp& op, size_t rank) {
  const int64_t n = static_cast<int64_t>(rank);
  const auto place = [&](int64_t axis) { return std::clamp<int64_t>(axis < 0 ? axis + n : axis, 0, n); };
  const int64_t begin = place(op.start);
  return {static_cast<size_t>(begin), static_cast<size_t>(std::max(begin, place(op.end.value_or(n))))};
}

void infer(const ShapeOp& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, DType::I64, Dims{ctx.unknown()});
  const auto [begin, end] = axes(op, dims->size());
  Dims part(dims->begin() + static_cast<ptrdiff_t>(begin), dims->begin() + static_cast<ptrdiff_t>(end));
  ctx.set(0, DType::I64, Dims{static_cast<int64_t>(part.size())});
  ctx.set_contents(0, std::move(part));
}

void run_cpu(const ShapeOp& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const auto [begin, end] = axes(op, shape.rank());
  if (io.out(0).elements() != static_cast<int64_t>(end - begin)) bad_input("rank is not as planned: " + shape.str());
  std::copy(shape.begin() + begin, shape.begin() + end, io.out(0).mutable_data<int64_t>());
}

OpBuilder<ShapeOp> shape() {
  return op<ShapeOp>().input("data", types::any).output("shape").infer<infer>().cpu<run_cpu>();
}

}  // namespace

MICA_OP(Shape, 15) {
  return shape().attribute("start", &ShapeOp::start).attribute("end", &ShapeOp::end);
}

MICA_OP(Shape, 1) {
  return shape();
}

}  // namespace mica
