// MaxPool, ai.onnx 1, 8, 10, 11, 12, 22:  Y = max over the window, the padding left out.
// Indices (since 8) are the places of the maxima in the flattened input, counted with the first spatial axis fastest
// when storage_order is 1. ceil_mode and dilations since 10, 8-bit integers since 12.
#include "kernels/pool/window_folds.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

void infer(const MaxPool& op, InferContext& ctx) {
  const auto dims = pool_output_dims(op, ctx);
  ctx.set(0, ctx.dtype(0), dims);
  ctx.set(1, DType::I64, dims);
}

int64_t column_major(const WindowGeometry& g, int64_t offset) {
  int64_t result = 0;
  for (size_t i = g.rank; i-- > 0;) {
    int64_t before = 1;
    for (size_t j = 0; j < i; ++j) before *= g.axes[j].input;
    result += offset % g.axes[i].input * before;
    offset /= g.axes[i].input;
  }
  return result;
}

void run_cpu(const MaxPool& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  if (io.out(0).elements() == 0) return;
  const DType dtype = io.in(0).dtype();
  const DType wide = is_float(dtype) ? wide_type(dtype) : dtype;
  const int64_t planes = io.in(0).shape().elements(0, 2), inputs = g.inputs(), outputs = g.outputs();
  const auto* x = static_cast<const std::byte*>(widen_any(io, io.in(0), wide));
  auto* y = static_cast<std::byte*>(stage_wide(io, io.out(0), wide));
  if (io.wants(1)) {
    const int64_t size = bit_width(wide) / 8;
    int64_t* indices = io.out(1).mutable_data<int64_t>();
    for_planes(io, g, planes, [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        int64_t* places = indices + plane * outputs;
        find_greatest(g, wide, x + plane * inputs * size, y + plane * outputs * size, places);
        for (int64_t i = 0; i < outputs; ++i) {
          if (places[i] < 0) continue;
          places[i] = plane * inputs + (op.storage_order == 1 ? column_major(g, places[i]) : places[i]);
        }
      }
    });
  } else {
    fold_planes(io, g, planes, WindowFold::Max, wide, x, y);
  }
  narrow_any(wide, y, WideRounding::Nearest, io.out(0));
}

inline constexpr DTypeSet kFloats{DType::F16, DType::F32, DType::F64};
inline constexpr DTypeSet kBytes{DType::I8, DType::U8};

OpBuilder<MaxPool> max_pool_1(DTypeSet types) {
  OpBuilder<MaxPool> builder = op<MaxPool>();
  window_attributes(builder);
  return builder.input("X", types).output("Y").prepare<check_window>().infer<infer>().cpu<run_cpu>();
}

OpBuilder<MaxPool> max_pool_8(DTypeSet types) {
  return max_pool_1(types).attribute("storage_order", &MaxPool::storage_order).optional_output("Indices");
}

OpBuilder<MaxPool> max_pool_10(DTypeSet types) {
  return max_pool_8(types).attribute("ceil_mode", &Window::ceil_mode).attribute("dilations", &Window::dilations);
}

}  // namespace

MICA_OP(MaxPool, 22) {
  return max_pool_10(types::floats | kBytes);
}

MICA_OP(MaxPool, 12) {
  return max_pool_10(kFloats | kBytes);
}

MICA_OP(MaxPool, 10) {
  return max_pool_10(kFloats);
}

MICA_OP(MaxPool, 8) {
  return max_pool_8(kFloats);
}

MICA_OP(MaxPool, 1) {
  return max_pool_1(kFloats);
}

}  // namespace mica
