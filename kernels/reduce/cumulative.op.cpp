// CumSum, ai.onnx 11, and CumProd, ai.onnx 26: running sums and products along the axis that input 1 names; with
// `exclusive` of the elements before each, with `reverse` from the end on. Integers wrap around.
#include "kernels/reduce/cumulative.h"

#include "kernels/reduce/functions.h"

namespace mica {
namespace {

void infer(const Cumulative&, InferContext& ctx) {
  if (const auto axis = ctx.integers(1)) {
    if (axis->size() != 1) ctx.fail("axis has " + std::to_string(axis->size()) + " elements");
    if (const Dims* dims = ctx.dims(0)) ctx.axis(axis->front(), dims->size());
  }
  ctx.set(0, ctx.type(0));
}

struct Add {
  static constexpr int kNeutral = 0;
  template <class V>
  static V apply(V a, V b) {
    return a + b;
  }
};

struct Multiply {
  static constexpr int kNeutral = 1;
  template <class V>
  static V apply(V a, V b) {
    return a * b;
  }
};

template <class F>
void run_cpu(const Cumulative& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto [rows, width, inner] = cumulative_rows(x, io.in(1));
  const bool known = visit_dtype<float, double, Half, BFloat16, int32_t, uint32_t, int64_t, uint64_t>(
      x.dtype(), [&, rows = rows, width = width, inner = inner]<class T>() {
        using Total = reduction::Total<T>;
        for (int64_t row = 0; row < rows; ++row) {
          const int64_t first = row / inner * inner * width + row % inner;
          Total total = F::kNeutral;
          for (int64_t i = 0; i < width; ++i) {
            const int64_t at = first + (op.reverse ? width - 1 - i : i) * inner;
            const auto value = static_cast<Total>(reduction::Value<T>(x.data<T>()[at]));
            const Total next = F::apply(total, value);
            io.out(0).mutable_data<T>()[at] = reduction::element<T>(op.exclusive ? total : next);
            total = next;
          }
        }
      });
  if (!known) bad_input("cannot accumulate " + x.str());
}

template <class F>
OpBuilder<Cumulative> cumulative() {
  return op<Cumulative>()
      .input("x", types::numeric)
      .input("axis", types::index)
      .output("y")
      .attribute("exclusive", &Cumulative::exclusive)
      .attribute("reverse", &Cumulative::reverse)
      .infer<infer>()
      .may_overwrite(0, 0)
      .template cpu<run_cpu<F>>();
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
  return cumulative<Add>();
}

MICA_OP(CumProd, 26) {
  return cumulative<Multiply>();
}

}  // namespace mica
