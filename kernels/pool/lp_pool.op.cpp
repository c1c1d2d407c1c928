// LpPool, ai.onnx 1, 2, 11, 18, 22:  Y = (sum of |x|^p over the window)^(1/p).
// p is a float in version 1; ceil_mode and dilations since 18.
#include <cmath>

#include "kernels/pool/pool.h"

namespace mica {
namespace {

template <class P>
struct LpPool : Window {
  P p = 2;
};

template <class P>
void infer(const LpPool<P>& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), pool_output_dims(op, ctx));
}

template <class P>
void run_cpu(const LpPool<P>& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    const Wide<T> p = static_cast<Wide<T>>(op.p);
    pool_sums<T>(
        g, io, [p](Wide<T> x) { return std::pow(std::abs(x), p); },
        [p](Wide<T> sum, const SpatialIndex&) { return std::pow(sum, 1 / p); });
  });
}

template <class P>
OpBuilder<LpPool<P>> lp_pool(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  OpBuilder<LpPool<P>> builder = op<LpPool<P>>();
  window_attributes(builder);
  return builder.attribute("p", &LpPool<P>::p)
      .input("X", types)
      .output("Y")
      .template prepare<check_window>()
      .template infer<infer<P>>()
      .template cpu<run_cpu<P>>();
}

}  // namespace

MICA_OP(LpPool, 22) {
  return lp_pool<int64_t>(types::floats)
      .attribute("ceil_mode", &Window::ceil_mode)
      .attribute("dilations", &Window::dilations);
}

MICA_OP(LpPool, 18) {
  return lp_pool<int64_t>().attribute("ceil_mode", &Window::ceil_mode).attribute("dilations", &Window::dilations);
}

MICA_OP(LpPool, 2) {
  return lp_pool<int64_t>();
}

MICA_OP(LpPool, 1) {
  return lp_pool<float>();
}

}  // namespace mica
