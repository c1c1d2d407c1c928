#include "kernels/pool/pool.h"

#include "kernels/conv/channels_last.h"

namespace mica {

std::optional<Dims> pool_output_dims(const Window& window, const InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  return x == nullptr ? std::nullopt : std::optional(pool_output_dims(window, ctx, *x));
}

Dims pool_output_dims(const Window& window, const InferContext& ctx, const Dims& x) {
  if (x.size() < 3) ctx.fail("the input " + str(x) + " has no spatial axis");
  Dims result{x[0], x[1]};
  const Dims kernel(window.kernel_shape.begin(), window.kernel_shape.end());
  for (Dim& dim : window_output_dims(window, ctx, std::span(x).subspan(2), kernel)) result.push_back(std::move(dim));
  return result;
}

WindowGeometry pool_geometry(const Window& window, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& y = io.out(0).shape();
  WindowGeometry g = window_geometry(window, x, window.kernel_shape, y);
  if (x[0] != y[0] || x[1] != y[1]) bad_input("input " + x.str() + " and output " + y.str() + " do not fit");
  return g;
}

WindowGeometry channels_last_pool_geometry(const Window& window, const Operands& io) {
  const Shape &x = io.in(0).shape(), &y = io.out(0).shape();
  if (x.rank() < 3 || x.rank() > 4 || y.rank() != x.rank() || x[0] != y[0] || x.back() != y.back()) {
    bad_input("input " + x.str() + " and output " + y.str() + " do not fit");
  }
  return window_geometry(window, channels_first(x), window.kernel_shape, channels_first(y));
}

}  // namespace mica
