// OneHot, ai.onnx 9: a new axis of `depth` places, `on` at the place that the index names and `off` elsewhere; all off
// where the index is outside [-depth, depth).
#include <cmath>

#include "kernels/gather/gather.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

constexpr int64_t kNowhere = int64_t{1} << 62;  // for numbers that are no index of anything

// A number as an integer, fractions cut off.
int64_t whole_number(double number) {
  return std::abs(number) < 0x1p62 ? static_cast<int64_t>(number) : kNowhere;
}

Dim depth_of(const InferContext& ctx) {
  std::optional<Dim> depth;
  if (const auto contents = ctx.contents(1); contents && contents->size() == 1) depth = contents->front();
  const Tensor* constant = ctx.constant(1);
  if (!depth && constant != nullptr && constant->elements() == 1) {
    double number = 0;
    widen_numbers(constant->dtype(), constant->raw(), DType::F64, &number, 1);
    depth = whole_number(number);
  }
  if (!depth) return ctx.unknown();
  if (depth->is_constant() && (depth->value() < 0 || depth->value() >= kNowhere)) {
    ctx.fail("depth is " + depth->str());
  }
  return *depth;
}

void infer(const OneHot& op, InferContext& ctx) {
  const Dims* indices = ctx.dims(0);
  const DType dtype = ctx.dtype(2);
  if (indices == nullptr) return ctx.set(0, dtype);
  if (indices->size() == Shape::kMaxRank) ctx.fail("the rank of the output is above the limit");
  const size_t axis = ctx.axis(op.axis, indices->size() + 1);
  Dims dims = *indices;
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), depth_of(ctx));
  ctx.set(0, dtype, std::move(dims));
}

void run_cpu(const OneHot& op, const Operands& io) {
  const Tensor& indices = io.in(0);
  Tensor& y = io.out(0);
  const size_t axis = normalize_axis(op.axis, y.shape().rank());
  const int64_t depth = y.shape()[axis];
  const int64_t width = y.shape().elements(axis + 1, y.shape().rank());
  if (io.in(2).elements() != 2 || indices.elements() * depth != y.elements()) {
    bad_input("values must be two and indices fit the output: " + io.in(2).str() + ", " + indices.str());
  }
  const ElementMoves& moves = moves_of(y.dtype());
  const void* values = load(io, io.in(2));
  void* to = stage(io, y);
  moves.fill(values, y.elements(), to);
  int64_t* targets = io.scratch<int64_t>(indices.elements());
  int64_t found = 0;
  const auto* numbers = static_cast<const double*>(widen_any(io, indices, DType::F64));
  for (int64_t i = 0; i < indices.elements(); ++i) {
    const int64_t index = whole_number(numbers[i]);
    const int64_t place = index < 0 ? index + depth : index;
    if (place < 0 || place >= depth) continue;
    targets[found++] = (i / width * depth + place) * width + i % width;
  }
  moves.spread(moves.at(values, 1), targets, found, to);
  store(to, y);
}

}  // namespace

MICA_OP(OneHot, 9) {
  return op<OneHot>()
      .input("indices", types::numeric)
      .input("depth", types::numeric)
      .input("values", types::any)
      .output("output")
      .attribute("axis", &OneHot::axis)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
