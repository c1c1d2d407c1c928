// MaxPool, ai.onnx 1, 8, 10, 11, 12, 22:  Y = max over the window, the padding left out.
// Indices (since 8) are the places of the maxima in the flattened input, counted with the first spatial axis fastest
// when storage_order is 1. ceil_mode and dilations since 10, 8-bit integers since 12.
#include <limits>

#include "kernels/pool/pool.h"

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

template <class T>
T smallest() {
  if constexpr (std::is_integral_v<T>)
    return std::numeric_limits<T>::lowest();
  else
    return static_cast<T>(-std::numeric_limits<float>::infinity());
}

template <class T>
void run(const WindowGeometry& g, const Operands& io) {
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  const int64_t outputs = g.outputs();
  for_planes(io, g, io.in(0).shape().elements(0, 2), [&](int64_t begin, int64_t end) {
    std::fill(y + begin * outputs, y + end * outputs, smallest<T>());
    for (int64_t plane = begin; plane < end; ++plane) {
      fold_windows(g, x + plane * g.inputs(), y + plane * outputs,
                   [](T best, T value) { return value > best ? value : best; });
    }
  });
}

template <class T>
void run_with_indices(const MaxPool& op, const WindowGeometry& g, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const int64_t inputs = g.inputs();
  const int64_t outputs = g.outputs();
  const int64_t step = g.axes[g.rank - 1].dilation;
  T* y = io.out(0).mutable_data<T>();
  int64_t* indices = io.out(1).mutable_data<int64_t>();
  for_each_window(g, shape[0] * shape[1], [&](int64_t plane, int64_t position, const SpatialIndex& at) {
    const T* x = io.in(0).data<T>() + plane * inputs;
    T best = smallest<T>();
    int64_t place = -1;
    for_each_tap_run(g, at, [&](int64_t, int64_t offset, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        const T value = x[offset + i * step];
        if (value <= best && place >= 0) continue;
        best = value;
        place = offset + i * step;
      }
    });
    y[plane * outputs + position] = best;
    if (op.storage_order == 1 && place >= 0) place = column_major(g, place);
    indices[plane * outputs + position] = place < 0 ? -1 : plane * inputs + place;
  });
}

void run_cpu(const MaxPool& op, const Operands& io) {
  const WindowGeometry g = pool_geometry(op, io);
  visit_dtype<float, double, Half, BFloat16, int8_t, uint8_t>(
      io.in(0).dtype(), [&]<class T>() { io.wants(1) ? run_with_indices<T>(op, g, io) : run<T>(g, io); });
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
