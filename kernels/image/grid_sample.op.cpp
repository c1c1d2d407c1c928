// GridSample, ai.onnx 16 (images), 20, 22 (any number of spatial axes): Y[n, c, o] = X[n, c, grid[n, o]], where grid
// gives places in [-1, 1] along each axis, the last axis first, and X is interpolated between its elements.
#include "kernels/image/grid_sample.h"

#include "kernels/image/weighted_places.h"
#include "kernels/op.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

void prepare(GridSample& op, const NodeFacts&) {
  if (op.mode == "nearest") {
    op.form.taps = 1;
  } else if (op.mode == "linear" || op.mode == "bilinear") {
    op.form.taps = 2;
  } else if (op.mode == "cubic" || op.mode == "bicubic") {
    op.form.taps = 4;
  } else {
    throw Error(ErrorCode::InvalidModel, "mode is \"" + op.mode + "\", not linear, nearest or cubic");
  }
  if (op.padding_mode != "zeros" && op.padding_mode != "border" && op.padding_mode != "reflection") {
    throw Error(ErrorCode::InvalidModel,
                "padding_mode is \"" + op.padding_mode + "\", not zeros, border or reflection");
  }
  op.form.border = op.padding_mode == "border";
  op.form.reflection = op.padding_mode == "reflection";
  op.form.align_corners = op.align_corners;
}

void infer(const GridSample&, InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  const Dims* grid = ctx.dims(1);
  if (x == nullptr || grid == nullptr) return ctx.set(0, ctx.dtype(0));
  if (x->size() < 3 || x->size() != grid->size()) {
    ctx.fail("X " + str(*x) + " and grid " + str(*grid) + " do not have the same rank of 3 or more");
  }
  ctx.merge(grid->back(), static_cast<int64_t>(x->size()) - 2, "coordinates in the grid and spatial axes");
  Dims dims{ctx.merge((*x)[0], (*grid)[0], "batch dims of X and grid"), (*x)[1]};
  dims.insert(dims.end(), grid->begin() + 1, grid->end() - 1);
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

// In type A.
template <class A>
void run(const GridSample& op, const Operands& io) {
  constexpr DType kWide = dtype_of<A>;
  const Shape& shape = io.in(0).shape();
  const size_t rank = shape.rank() - 2;
  const int64_t channels = shape[1];
  const int64_t inputs = shape.elements(2, shape.rank());
  const Shape& out = io.out(0).shape();
  const int64_t outputs = out.elements(2, out.rank());
  const int64_t per_axis = op.form.taps;
  int64_t count = 1;
  for (size_t i = 0; i < rank; ++i) count *= per_axis;
  WeightedPlaces<A> near{io.scratch<int64_t>(count), io.scratch<A>(count)};
  const A* x = static_cast<const A*>(widen_any(io, io.in(0), kWide));
  const A* place = static_cast<const A*>(widen_any(io, io.in(1), kWide));
  A* y = static_cast<A*>(stage_wide(io, io.out(0), kWide));
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t o = 0; o < outputs; ++o, place += rank) {
      find_places(op.form, place, shape.dims().subspan(2), near);
      sum_places(near, channels, x + n * channels * inputs, inputs, y + n * channels * outputs + o, outputs);
    }
  }
  narrow_any(kWide, y, WideRounding::Truncate, io.out(0));
}

}  // namespace

void check_grid_sample(const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& grid = io.in(1).shape();
  const Shape& y = io.out(0).shape();
  bool fits = x.rank() >= 3 && grid.rank() == x.rank() && y.rank() == x.rank() && x[0] == grid[0] && y[0] == x[0] &&
              y[1] == x[1] && grid.back() == static_cast<int64_t>(x.rank()) - 2;
  for (size_t i = 2; fits && i < x.rank(); ++i) fits = y[i] == grid[i - 1];
  if (!fits) bad_input("X " + x.str() + ", grid " + grid.str() + " and Y " + y.str() + " do not fit");
  if (x.rank() > 10) bad_input("X " + x.str() + " has more than 8 spatial axes");
  if (y.elements() != 0 && x.elements() == 0) bad_input("X " + x.str() + " is empty");
}

namespace {

void run_cpu(const GridSample& op, const Operands& io) {
  check_grid_sample(io);
  if (io.out(0).elements() == 0) return;
  const bool wide = wide_type(io.in(0).dtype()) == DType::F64 || io.in(1).dtype() == DType::F64;
  wide ? run<double>(op, io) : run<float>(op, io);
}

OpBuilder<GridSample> grid_sample() {
  return op<GridSample>()
      .attribute("align_corners", &GridSample::align_corners)
      .attribute("mode", &GridSample::mode)
      .attribute("padding_mode", &GridSample::padding_mode)
      .input("X", types::numeric | types::boolean)
      .input("grid", types::floats)
      .output("Y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(GridSample, 16) {
  return grid_sample();
}

}  // namespace mica
