// AveragePool, ai.onnx 1, 7, 10, 11, 19, 22:  Y = sum of the window / number of its elements.
// The number leaves out the padding unless count_include_pad (since 7) says otherwise; what ceil_mode (since 10) adds
// behind the padding never counts. Dilations since 19.
#include "kernels/pool/window_folds.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

void infer(const AveragePool& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), pool_output_dims(op, ctx));
}

// How many elements the averages of a plane are of, as numbers of type `wide`.
const void* counts(const AveragePool& op, const Operands& io, const WindowGeometry& g, DType wide) {
  double* result = io.scratch<double>(g.outputs());
  SpatialIndex at{};
  int64_t position = 0;
  do {
    const auto count = static_cast<double>(averaged_elements(g, at, op.count_include_pad));
    if (wide == DType::F64) {
      result[position++] = count;
    } else {
      reinterpret_cast<float*>(result)[position++] = static_cast<float>(count);
    }
  } while (next_position(at, g, g.rank, &WindowAxis::output));
  return result;
}

void run_cpu(const AveragePool& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  if (io.out(0).elements() == 0) return;
  const int64_t planes = io.in(0).shape().elements(0, 2);
  const DType wide = wide_type(io.in(0).dtype());
  void* y = stage_wide(io, io.out(0), wide);
  fold_planes(io, g, planes, WindowFold::Sum, wide, widen_any(io, io.in(0), wide), y);
  divide_planes(wide, y, counts(op, io, g, wide), planes, g.outputs());
  narrow_any(wide, y, WideRounding::Nearest, io.out(0));
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
