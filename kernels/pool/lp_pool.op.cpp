// LpPool, ai.onnx 1, 2, 11, 18, 22:  Y = (sum of |x|^p over the window)^(1/p).
// p is a float in version 1; ceil_mode and dilations since 18.
#include "kernels/pool/window_folds.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

struct LpPool : Window {
  int64_t p = 2;
  std::optional<float> fractional_p = {};
};

void infer(const LpPool& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), pool_output_dims(op, ctx));
}

void run_cpu(const LpPool& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  const double p = op.fractional_p ? static_cast<double>(*op.fractional_p) : static_cast<double>(op.p);
  const DType wide = wide_type(io.in(0).dtype());
  void* y = stage_wide(io, io.out(0), wide);
  fold_planes(io, g, io.in(0).shape().elements(0, 2), WindowFold::Powers, wide, widen_any(io, io.in(0), wide), y, p);
  take_roots(wide, y, io.out(0).elements(), p);
  narrow_any(wide, y, WideRounding::Nearest, io.out(0));
}

OpBuilder<LpPool> lp_pool_1(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  OpBuilder<LpPool> builder = op<LpPool>();
  window_attributes(builder);
  return builder.input("X", types).output("Y").prepare<check_window>().infer<infer>().cpu<run_cpu>();
}

OpBuilder<LpPool> lp_pool_2(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return lp_pool_1(types).attribute("p", &LpPool::p);
}

}  // namespace

MICA_OP(LpPool, 22) {
  return lp_pool_2(types::floats).attribute("ceil_mode", &Window::ceil_mode).attribute("dilations", &Window::dilations);
}

MICA_OP(LpPool, 18) {
  return lp_pool_2().attribute("ceil_mode", &Window::ceil_mode).attribute("dilations", &Window::dilations);
}

MICA_OP(LpPool, 2) {
  return lp_pool_2();
}

MICA_OP(LpPool, 1) {
  return lp_pool_1().attribute("p", &LpPool::fractional_p);
}

}  // namespace mica
