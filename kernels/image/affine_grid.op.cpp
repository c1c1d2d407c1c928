// AffineGrid, ai.onnx 20: grid[n, (d,) h, w] = theta[n] * (x, y, (z,) 1), where x, y and z run over [-1, 1] along the
// axes of an image of the given size [N, C, (D,) H, W]; with align_corners -1 and 1 are the centres of the outermost
// elements, else their outer edges.
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct AffineGrid {
  bool align_corners = false;
};

void infer(const AffineGrid&, InferContext& ctx) {
  const DType dtype = ctx.dtype(0);
  const Dims* theta = ctx.dims(0);
  const auto size = ctx.contents(1);
  std::optional<int64_t> rank;
  if (theta != nullptr) {
    if (theta->size() != 3) ctx.fail("theta " + str(*theta) + " must have rank 3");
    rank = (*theta)[1].constant();
  }
  if (size) rank = static_cast<int64_t>(size->size()) - 2;
  if (!rank) return ctx.set(0, dtype);
  if (*rank != 2 && *rank != 3) ctx.fail("the image must have 2 or 3 spatial axes, not " + std::to_string(*rank));
  if (theta != nullptr) {
    ctx.merge((*theta)[1], *rank, "dim 1 of theta and the number of spatial axes");
    ctx.merge((*theta)[2], *rank + 1, "dim 2 of theta and the number of spatial axes and 1");
  }
  Dims dims;
  for (int64_t i = 0; i < *rank + 2; ++i) {
    if (i == 1) continue;
    dims.push_back(size ? (*size)[static_cast<size_t>(i)] : ctx.unknown());
    if (dims.back().is_constant() && dims.back().value() < 0) ctx.fail("size " + dims.back().str() + " is negative");
  }
  if (theta != nullptr) dims[0] = ctx.merge(dims[0], (*theta)[0], "batch sizes of theta and of size");
  dims.push_back(*rank);
  ctx.set(0, dtype, std::move(dims));
}

// In type A.
template <class A>
void run(const AffineGrid& op, const Operands& io) {
  const Shape& y = io.out(0).shape();
  const size_t rank = y.rank() - 2;
  const int64_t points = y.elements(1, rank + 1);
  std::array<A*, 3> places{};  // along x, y and z
  for (size_t i = 0; i < rank; ++i) {
    const int64_t length = y[rank - i];
    const A span = static_cast<A>(length);
    places[i] = io.scratch<A>(length);
    for (int64_t j = 0; j < length; ++j) {
      const A at = static_cast<A>(j);
      places[i][j] = !op.align_corners ? (2 * at + 1) / span - 1 : length == 1 ? 0 : 2 * at / (span - 1) - 1;
    }
  }
  const A* theta = widen<A>(io, io.in(0));
  const WideOutput<A> grid(io, io.out(0));
  A* to = grid.data();
  for (int64_t n = 0; n < y[0]; ++n, theta += rank * (rank + 1)) {
    std::array<int64_t, 3> index{};
    for (int64_t point = 0; point < points; ++point) {
      for (size_t row = 0; row < rank; ++row) {
        const A* weights = theta + row * (rank + 1);
        A sum = 0;
        for (size_t i = 0; i < rank; ++i) sum += weights[i] * places[i][index[i]];
        *to++ = sum + weights[rank];
      }
      for (size_t i = 0; i < rank; ++i) {
        if (++index[i] < y[rank - i]) break;
        index[i] = 0;
      }
    }
  }
  grid.store();
}

void run_cpu(const AffineGrid& op, const Operands& io) {
  const Shape& theta = io.in(0).shape();
  const Shape& y = io.out(0).shape();
  const int64_t rank = static_cast<int64_t>(y.rank()) - 2;
  if (rank < 2 || rank > 3 || theta != Shape{y[0], rank, rank + 1} || y.back() != rank) {
    bad_input("theta " + theta.str() + " and the grid " + y.str() + " do not fit");
  }
  if (io.out(0).elements() == 0) return;
  visit_wide(io.in(0).dtype(), [&]<class A>() { run<A>(op, io); });
}

}  // namespace

MICA_OP(AffineGrid, 20) {
  return op<AffineGrid>()
      .attribute("align_corners", &AffineGrid::align_corners)
      .input("theta", types::floats)
      .input("size", types::int64)
      .output("grid")
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
