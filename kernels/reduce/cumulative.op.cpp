// CumSum, ai.onnx 11, and CumProd, ai.onnx 26: running sums and products along the axis that input 1 names; with
// `exclusive` of the elements before each, with `reverse` from the end on. Integers wrap around.
#include "kernels/reduce/cumulative.h"

#include "kernels/reduce/accumulate.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

void infer(const Cumulative&, InferContext& ctx) {
  if (const auto axis = ctx.integers(1)) {
    if (axis->size() != 1) ctx.fail("axis has " + std::to_string(axis->size()) + " elements");
    if (const Dims* dims = ctx.dims(0)) ctx.axis(axis->front(), dims->size());
  }
  ctx.set(0, ctx.type(0));
}

template <Accumulation what>
void run_cpu(const Cumulative& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto [rows, width, inner] = cumulative_rows(x, io.in(1));
  if (rows == 0) return;
  const DType wide = is_float(x.dtype()) ? wide_type(x.dtype()) : x.dtype();
  void* y = stage_wide(io, io.out(0), wide);
  if (!accumulate(what, op, wide, widen_any(io, x, wide), y, rows / inner, width, inner)) {
    bad_input("cannot accumulate " + x.str());
  }
  narrow_any(wide, y, WideRounding::Nearest, io.out(0));
}

template <Accumulation what>
OpBuilder<Cumulative> cumulative() {
  return op<Cumulative>()
      .input("x", types::numeric)
      .input("axis", types::index)
      .output("y")
      .attribute("exclusive", &Cumulative::exclusive)
      .attribute("reverse", &Cumulative::reverse)
      .infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<what>>();
}

}  // namespace

CumulativeRows cumulative_rows(const Tensor& x, const Tensor& along) {
  if (along.elements() != 1) bad_input("axis has " + std::to_string(along.elements()) + " elements");
  const Shape& shape = x.shape();
  const size_t axis =
      normalize_axis(along.dtype() == DType::I32 ? along.as<int32_t>()[0] : along.as<int64_t>()[0], shape.rank());
  const int64_t inner = shape.elements(axis + 1, shape.rank());
  return {shape.elements(0, axis) * inner, shape[axis], inner};
}

MICA_OP(CumSum, 11) {
  return cumulative<Accumulation::Sum>();
}

MICA_OP(CumProd, 26) {
  return cumulative<Accumulation::Product>();
}

}  // namespace mica
