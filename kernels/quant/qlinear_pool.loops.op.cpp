// QLinearAveragePool, com.microsoft 1:        Y = quantize(average of the window of dequantize(X))
// QLinearGlobalAveragePool, com.microsoft 1:  the same over all spatial axes
// of tensors [N, C, spatial...], or [N, spatial..., C] with channels_last.
#include "kernels/quant/qlinear_pool.h"

#include "kernels/pool/pool.h"
#include "kernels/quant/byte_map.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum QLinearPool::Input;

/// Where axis i of [N, C, spatial...] is in the order of the operator's tensors.
size_t place(const QLinearPool& op, size_t i, size_t rank) {
  if (!op.channels_last || i == 0) return i;
  return i == 1 ? rank - 1 : i - 1;
}

/// A tensor's dims in the order [N, C, spatial...].
template <class List>
List channels_first(const QLinearPool& op, const List& dims, size_t rank) {
  List result = dims;
  for (size_t i = 0; i < rank; ++i) result[i] = dims[place(op, i, rank)];
  return result;
}

void infer_dims(const QLinearPool& op, InferContext& ctx, bool global) {
  same_dtype(ctx, kX, kXZero);
  same_dtype(ctx, kX, kYZero);
  const Dims* x = ctx.dims(kX);
  if (x == nullptr) return ctx.set(0, ctx.dtype(kX));
  if (x->size() < 3) throw_error(ErrorCode::InvalidModel, {"the input ", *x, " has no spatial axis"});
  const size_t rank = x->size();
  const Dims first = channels_first(op, *x, rank);
  const std::span<const Dim> spatial = std::span(first).subspan(2);
  const Dims kernel(op.kernel_shape.begin(), op.kernel_shape.end());
  const Dims pooled = global ? Dims(spatial.size(), 1) : window_output_dims(op, ctx, spatial, kernel);
  Dims dims = *x;
  for (size_t i = 2; i < rank; ++i) dims[place(op, i, rank)] = pooled[i - 2];
  ctx.set(0, ctx.dtype(kX), std::move(dims));
}

void infer(const QLinearPool& op, InferContext& ctx) {
  infer_dims(op, ctx, false);
}

void infer_global(const QLinearPool& op, InferContext& ctx) {
  infer_dims(op, ctx, true);
}

/// Elements whose sum is an int32.
constexpr int64_t kMostInputs = int64_t{1} << 23;

/// Loops over numbers of 8 bits, signed or not.
class Bytes {
 public:
  explicit Bytes(DType dtype) : is_signed_(dtype == DType::I8) {}

  /// sums[i] += x[i]
  void sum(const uint8_t* x, int32_t* sums, int64_t count) const {
    is_signed_ ? sum_signed_(as_signed(x), sums, count) : sum_unsigned_(x, sums, count);
  }
  /// sums[i] += x[i * step]
  void sum_apart(const uint8_t* x, int64_t step, int32_t* sums, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) sums[i] += is_signed_ ? as_signed(x)[i * step] : x[i * step];
  }
  int32_t total(const uint8_t* x, int64_t count) const {
    constexpr int64_t kLanes = 64;
    int32_t lanes[kLanes] = {}, all = 0;
    for (int64_t i = 0; i < count; i += kLanes) sum(x + i, lanes, std::min(kLanes, count - i));
    for (const int32_t lane : lanes) all += lane;
    return all;
  }
  void quantize(const float* x, const ByteQuantization& to, uint8_t* y, int64_t count) const {
    if (is_signed_) {
      ByteLoops<int8_t>::quantize()(x, to.scale, to.zero, reinterpret_cast<int8_t*>(y), count);
    } else {
      ByteLoops<uint8_t>::quantize()(x, to.scale, to.zero, y, count);
    }
  }

 private:
  static const int8_t* as_signed(const uint8_t* x) { return reinterpret_cast<const int8_t*>(x); }

  bool is_signed_;
  SumLoop<int8_t> sum_signed_ = ByteLoops<int8_t>::sum();
  SumLoop<uint8_t> sum_unsigned_ = ByteLoops<uint8_t>::sum();
};

/// Averages of `count` sums of `inputs` elements each.
void store_averages(const int32_t* sums, int64_t count, int64_t inputs, const ByteQuantization& from,
                    const ByteQuantization& to, const Bytes& bytes, uint8_t* y) {
  constexpr int64_t kChunk = 64;
  float values[kChunk];
  for (int64_t first = 0; first < count; first += kChunk) {
    const int64_t size = std::min(kChunk, count - first);
    for (int64_t i = 0; i < size; ++i) {
      const double average = static_cast<double>(sums[first + i] - inputs * from.zero) / static_cast<double>(inputs);
      values[i] = static_cast<float>(average * static_cast<double>(from.scale));
    }
    bytes.quantize(values, to, y + first, size);
  }
}

/// Pools whole images [position, channel].
void pool_channels(const Operands& io, int64_t images, int64_t inputs, int64_t channels, const Bytes& bytes,
                   const uint8_t* x, uint8_t* y) {
  const ByteQuantization from = byte_quantization(io, kXScale, kXZero);
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  int32_t* sums = io.scratch<int32_t>(images * channels);
  io.threads().parallel_for(images * channels, std::max<int64_t>(64, 65536 / inputs), [&](int64_t begin, int64_t end) {
    std::fill(sums + begin, sums + end, 0);
    for (int64_t i = begin, next; i < end; i = next) {
      const int64_t image = i / channels, channel = i % channels;
      next = std::min(end, (image + 1) * channels);
      const uint8_t* position = x + image * inputs * channels + channel;
      for (int64_t p = 0; p < inputs; ++p, position += channels) bytes.sum(position, sums + i, next - i);
    }
    store_averages(sums + begin, end - begin, inputs, from, to, bytes, y + begin);
  });
}

/// Pools planes of x into planes of y, where every window is a whole plane.
void pool_planes(const Operands& io, int64_t inputs, int64_t planes, const Bytes& bytes, const uint8_t* x, uint8_t* y) {
  const ByteQuantization from = byte_quantization(io, kXScale, kXZero);
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  io.threads().parallel_for(planes, 1 + 65536 / (inputs + 1), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int32_t sum = bytes.total(x + plane * inputs, inputs);
      store_averages(&sum, 1, inputs, from, to, bytes, y + plane);
    }
  });
}

/// What makes averages of sums of codes: average = (sum - zeros) * factor, for each output position.
struct Averaging {
  const int32_t* zeros;  ///< sum of the zero points of what a window sees
  const float* factors;  ///< the input's scale by the number of elements

  /// Averages of `count` sums, `step` positions apart from `position` on; by way of as many `values`.
  void store(const int32_t* sums, int64_t position, int64_t step, int64_t count, float* values,
             const ByteQuantization& to, const Bytes& bytes, uint8_t* y) const {
    const int32_t* zero = zeros + position;
    const float* factor = factors + position;
    for (int64_t i = 0; i < count; ++i, zero += step, factor += step) {
      values[i] = static_cast<float>(sums[i] - *zero) * *factor;
    }
    bytes.quantize(values, to, y, count);
  }
};

Averaging averaging(const QLinearPool& op, const Operands& io, const WindowGeometry& g) {
  const ByteQuantization from = byte_quantization(io, kXScale, kXZero);
  auto* zeros = io.scratch<int32_t>(g.outputs());
  float* factors = io.scratch<float>(g.outputs());
  SpatialIndex at{};
  int64_t position = 0;
  do {
    int64_t seen = 1;
    for (size_t i = 0; i < g.rank; ++i) seen *= g.axes[i].taps(g.axes[i].start(at[i])).size();
    zeros[position] = static_cast<int32_t>(seen * from.zero);
    factors[position++] = from.scale / static_cast<float>(averaged_elements(g, at, op.count_include_pad));
  } while (next_position(at, g, g.rank, &WindowAxis::output));
  return {zeros, factors};
}

/// Pools planes of x into planes of y.
void pool(const QLinearPool& op, const Operands& io, const WindowGeometry& g, int64_t planes, const Bytes& bytes,
          const uint8_t* x, uint8_t* y) {
  if (sees_planes(g)) return pool_planes(io, g.inputs(), planes, bytes, x, y);
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  const int64_t inputs = g.inputs(), outputs = g.outputs(), stride = g.axes[g.rank - 1].stride;
  const Averaging averages = averaging(op, io, g);
  int32_t* all_sums = io.scratch<int32_t>(planes * outputs);
  float* all_values = io.scratch<float>(planes * outputs);
  for_planes(io, g, planes, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      int32_t* sums = all_sums + plane * outputs;
      std::fill_n(sums, outputs, 0);
      SpatialIndex tap{};
      do {
        for_each_output_run(g, tap, [&](int64_t position, int64_t offset, int64_t count) {
          const uint8_t* from = x + plane * inputs + offset;
          stride == 1 ? bytes.sum(from, sums + position, count) : bytes.sum_apart(from, stride, sums + position, count);
        });
      } while (next_position(tap, g, g.rank, &WindowAxis::kernel));
      averages.store(sums, 0, 1, outputs, all_values + plane * outputs, to, bytes, y + plane * outputs);
    }
  });
}

/// Pools images [position, channel].
void pool_windows_of_channels(const QLinearPool& op, const Operands& io, const WindowGeometry& g, int64_t images,
                              int64_t channels, const Bytes& bytes, const uint8_t* x, uint8_t* y) {
  const ByteQuantization to = byte_quantization(io, kYScale, kYZero);
  const int64_t outputs = g.outputs(), step = g.axes[g.rank - 1].dilation;
  const Averaging averages = averaging(op, io, g);
  int32_t* all_sums = io.scratch<int32_t>(images * outputs * channels);
  float* all_values = io.scratch<float>(images * outputs * channels);
  const int64_t grain = 1 + 65536 / std::max<int64_t>(1, channels * g.taps());
  io.threads().parallel_for(images * outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* image = x + i / outputs * g.inputs() * channels;
      const int64_t position = i % outputs;
      int32_t* sums = all_sums + i * channels;
      std::fill_n(sums, channels, 0);
      SpatialIndex at{};
      int64_t rest = position;
      for (size_t axis = g.rank; axis-- > 0; rest /= g.axes[axis].output) at[axis] = rest % g.axes[axis].output;
      for_each_tap_run(g, at, [&](int64_t, int64_t offset, int64_t count) {
        for (int64_t tap = 0; tap < count; ++tap) {
          bytes.sum(image + (offset + tap * step) * channels, sums, channels);
        }
      });
      averages.store(sums, position, 0, channels, all_values + i * channels, to, bytes, y + i * channels);
    }
  });
}

void run(const QLinearPool& op, const Operands& io, bool global) {
  const Bytes bytes(io.in(kX).dtype());
  const Shape &x = io.in(kX).shape(), &y = io.out(0).shape();
  const WindowGeometry g = qlinear_pool_geometry(op, x, y, global);
  const Shape from = channels_first(op, x, x.rank());
  const int64_t planes = from[0] * from[1];
  const uint8_t* in = io.in(kX).data<uint8_t>();
  uint8_t* out = io.out(0).mutable_data<uint8_t>();
  if (g.outputs() == 0) return;
  if (std::min(g.inputs(), g.taps()) > kMostInputs) bad_input("a window sees more than 2^23 elements");
  if (!op.channels_last) return pool(op, io, g, planes, bytes, in, out);
  if (sees_planes(g)) return pool_channels(io, from[0], g.inputs(), from[1], bytes, in, out);
  pool_windows_of_channels(op, io, g, from[0], from[1], bytes, in, out);
}

void run_windows(const QLinearPool& op, const Operands& io) {
  run(op, io, false);
}

void run_global(const QLinearPool& op, const Operands& io) {
  run(op, io, true);
}

OpBuilder<QLinearPool> qlinear_pool() {
  return op<QLinearPool>()
      .input("X", kByteTypes)
      .input("x_scale", types::f32)
      .optional_input("x_zero_point", kByteTypes)
      .input("y_scale", types::f32)
      .optional_input("y_zero_point", kByteTypes)
      .output("Y")
      .attribute("channels_last", &QLinearPool::channels_last);
}

}  // namespace

bool sees_planes(const WindowGeometry& g) {
  bool global = g.inputs() > 0 && g.inputs() <= kMostInputs;
  for (size_t i = 0; i < g.rank; ++i) {
    const WindowAxis& axis = g.axes[i];
    global = global && axis.output == 1 && axis.kernel == axis.input && axis.pad == 0 && axis.pad_end == 0;
  }
  return global;
}

WindowGeometry qlinear_pool_geometry(const QLinearPool& op, const Shape& x, const Shape& y, bool global) {
  if (x.rank() < 3 || y.rank() != x.rank())
    throw_error(ErrorCode::InvalidArgument, {"input ", x, " and output ", y, " do not fit"});
  const Shape from = channels_first(op, x, x.rank()), to = channels_first(op, y, y.rank());
  if (from[0] != to[0] || from[1] != to[1])
    throw_error(ErrorCode::InvalidArgument, {"input ", x, " and output ", y, " do not fit"});
  const std::span<const int64_t> kernel = global ? from.dims().subspan(2) : std::span<const int64_t>(op.kernel_shape);
  return window_geometry(op, from, kernel, to);
}

MICA_OP(QLinearAveragePool, 1, com_microsoft) {
  OpBuilder<QLinearPool> builder = qlinear_pool();
  window_attributes(builder);
  return builder.attribute("ceil_mode", &Window::ceil_mode)
      .attribute("count_include_pad", &QLinearPool::count_include_pad)
      .prepare<check_window>()
      .infer<infer>()
      .cpu<run_windows>();
}

MICA_OP(QLinearGlobalAveragePool, 1, com_microsoft) {
  return qlinear_pool().infer<infer_global>().cpu<run_global>();
}

}  // namespace mica
