// AveragePool, ai.onnx 1, 7, 10, 11, 19, 22:  Y = sum of the window / number of its elements.
// The number leaves out the padding unless count_include_pad (since 7) says otherwise; what ceil_mode (since 10) adds
// behind the padding never counts. Dilations since 19.
#include "kernels/pool/pool.h"

namespace mica {
namespace {

void infer(const AveragePool& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), pool_output_dims(op, ctx));
}

void run_cpu(const AveragePool& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() {
    pool_sums<T>(
        g, io, [](Wide<T> x) { return x; },
        [&](Wide<T> sum, const SpatialIndex& at) {
          return sum / static_cast<Wide<T>>(averaged_elements(g, at, op.count_include_pad));
        });
  });
}

OpBuilder<AveragePool> average_pool(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  OpBuilder<AveragePool> builder = op<AveragePool>();
  window_attributes(builder);
  return builder.input("X", types).output("Y").prepare<check_window>().infer<infer>().cpu<run_cpu>();
}

OpBuilder<AveragePool> average_pool_19(DTypeSet types = types::floats - DTypeSet{DType::BF16}) {
  return average_pool(types)
      .attribute("count_include_pad", &AveragePool::count_include_pad)
      .attribute("ceil_mode", &Window::ceil_mode)
      .attribute("dilations", &Window::dilations);
}

}  // namespace

MICA_OP(AveragePool, 22) {
  return average_pool_19(types::floats);
}

MICA_OP(AveragePool, 19) {
  return average_pool_19();
}

MICA_OP(AveragePool, 10) {
  return average_pool()
      .attribute("count_include_pad", &AveragePool::count_include_pad)
      .attribute("ceil_mode", &Window::ceil_mode);
}

MICA_OP(AveragePool, 7) {
  return average_pool().attribute("count_include_pad", &AveragePool::count_include_pad);
}

MICA_OP(AveragePool, 1) {
  return average_pool();
}

}  // namespace mica
