// ChannelsLastMaxPool and ChannelsLastAveragePool, mica 1: MaxPool and AveragePool of ai.onnx of tensors
// [N, spatial..., channels], of one or two spatial axes.
#include "kernels/conv/channels_last.h"
#include "kernels/conv/channels_last_windows.h"
#include "kernels/pool/pool.h"

namespace mica {
namespace {

void infer(const AveragePool& op, InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  if (x == nullptr) return ctx.set(0, DType::F32);
  if (x->size() < 3 || x->size() > 4) ctx.fail("the input " + str(*x) + " has not one or two spatial axes");
  ctx.set(0, DType::F32, channels_last(pool_output_dims(op, ctx, channels_first(*x))));
}

void run_max(const AveragePool& op, const Operands& io) {
  const WindowGeometry g = channels_last_pool_geometry(op, io);
  const int64_t channels = io.in(0).shape().back();
  const float* x = io.in(0).data<float>();
  float* y = io.out(0).mutable_data<float>();
  for_each_window_run(io.threads(), g, io.in(0).shape()[0], channels,
                      [&](const WindowRun& run) { window_kernels().max(window_call(g, run, channels, x, y)); });
}

void run_average(const AveragePool& op, const Operands& io) {
  const WindowGeometry g = channels_last_pool_geometry(op, io);
  const int64_t channels = io.in(0).shape().back();
  const float* x = io.in(0).data<float>();
  float* y = io.out(0).mutable_data<float>();
  for_each_window_run(io.threads(), g, io.in(0).shape()[0], channels, [&](const WindowRun& run) {
    // Outputs that see the same elements may lie differently in the padding.
    WindowCall call = window_call(g, run, channels, x, y);
    call.outputs = 1;
    for (int64_t i = 0; i < run.count; ++i, call.x += call.x_step, call.y += call.y_step) {
      const SpatialIndex at = g.rank == 1 ? SpatialIndex{run.column + i} : SpatialIndex{run.line, run.column + i};
      call.factor = 1 / static_cast<float>(averaged_elements(g, at, op.count_include_pad));
      window_kernels().sum(call);
    }
  });
}

OpBuilder<AveragePool> pool() {
  OpBuilder<AveragePool> builder = op<AveragePool>();
  window_attributes(builder);
  return builder.input("X", types::f32)
      .output("Y")
      .attribute("ceil_mode", &Window::ceil_mode)
      .attribute("dilations", &Window::dilations)
      .prepare<check_window>()
      .infer<infer>();
}

}  // namespace

MICA_OP(ChannelsLastMaxPool, 1, mica) {
  return pool().cpu<run_max>();
}

MICA_OP(ChannelsLastAveragePool, 1, mica) {
  return pool().attribute("count_include_pad", &AveragePool::count_include_pad).cpu<run_average>();
}

}  // namespace mica
