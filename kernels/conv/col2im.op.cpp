// Col2Im, ai.onnx 18: sums blocks [N, C * prod(block_shape), L] into images [N, C, image_shape...]; block l, in
// row-major order of the places where a window fits, adds its element k at the place where the window sees it.
#include <complex>
#include <cstring>

#include "kernels/conv/add_strided.h"
#include "kernels/conv/window.h"
#include "runtime/base/concat.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

void infer(const Window&, InferContext& ctx) {
  const DType dtype = ctx.dtype(0);
  const Dims* x = ctx.dims(0);
  const auto image = ctx.contents(1);
  const auto block = ctx.contents(2);
  const auto rank_of = [&](size_t i) -> std::optional<int64_t> {
    const Dims* dims = ctx.dims(i);
    return dims != nullptr && dims->size() == 1 ? (*dims)[0].constant() : std::nullopt;
  };
  auto rank = rank_of(1);
  if (!rank) rank = rank_of(2);
  if (x == nullptr || !rank || *rank < 0 || *rank > static_cast<int64_t>(kMaxSpatial)) return ctx.set(0, dtype);
  if (x->size() != 3) throw_error(ErrorCode::InvalidModel, {"the input ", *x, " does not have three axes"});
  Dims dims{(*x)[0], ctx.unknown()};
  if (block) {
    const Dim taps = product(*block);
    if (taps.is_constant() && taps.value() < 1)
      throw_error(ErrorCode::InvalidModel, {"block_shape ", *block, " is not positive"});
    if (taps.is_constant() && (*x)[1].is_constant() && (*x)[1].value() % taps.value() != 0) {
      throw_error(ErrorCode::InvalidModel, {"axis 1 of the input ", *x, " does not divide into blocks ", *block});
    }
    dims[1] = floor_div((*x)[1], taps);
  }
  for (size_t i = 0; i < static_cast<size_t>(*rank); ++i) dims.push_back(image ? (*image)[i] : ctx.unknown());
  for (const Dim& dim : dims) {
    if (dim.is_constant() && dim.value() < 0)
      throw_error(ErrorCode::InvalidModel, {"image dims ", dims, " are negative"});
  }
  ctx.set(0, dtype, std::move(dims));
}

WindowGeometry geometry(const Window& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& y = io.out(0).shape();
  const size_t rank = y.rank() - std::min<size_t>(y.rank(), 2);
  if (x.rank() != 3 || rank == 0 || io.in(1).elements() != io.in(2).elements() ||
      io.in(1).elements() != static_cast<int64_t>(rank)) {
    throw_error(ErrorCode::InvalidArgument, {"input ", x, ", image_shape, block_shape and output ", y, " do not fit"});
  }
  const std::span<const int64_t> block(io.in(2).data<int64_t>(), rank);
  Shape places{y[0], y[1]};
  for (size_t i = 0; i < rank; ++i) places.push_back(0);
  WindowGeometry g = window_geometry(op, y, block, places);
  int64_t taps = 1, outputs = 1;
  bool fits = y[0] == x[0];
  for (size_t i = 0; i < rank; ++i) {
    WindowAxis& axis = g.axes[i];
    fits = fits && axis.input == io.in(1).data<int64_t>()[i] && axis.kernel > 0 && axis.kernel <= x[1];
    if (!fits) break;
    const int64_t slack = axis.input + axis.pad + axis.pad_end - (axis.kernel - 1) * axis.dilation - 1;
    axis.output = slack < 0 ? 0 : slack / axis.stride + 1;
    fits = !__builtin_mul_overflow(taps, axis.kernel, &taps) && !__builtin_mul_overflow(outputs, axis.output, &outputs);
  }
  if (!fits || outputs != x[2] || x[1] % taps != 0 || x[1] / taps != y[1]) {
    throw_error(ErrorCode::InvalidArgument,
                {"blocks ", x, " do not fit an image ", y, " with blocks of ", Shape(block)});
  }
  return g;
}

/// y[i * step] += x[i] for i < count.
using AddRow = void (*)(const void* x, void* y, int64_t count, int64_t step);

template <class T>
void add_row(const void* from, void* to, int64_t count, int64_t step) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  for (int64_t i = 0; i < count; ++i) {
    T& sum = y[i * step];
    if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
      sum = static_cast<T>(static_cast<float>(sum) + static_cast<float>(x[i]));
    } else {
      sum = static_cast<T>(sum + x[i]);
    }
  }
}

void add_floats(const void* x, void* y, int64_t count, int64_t step) {
  add_strided(static_cast<const float*>(x), count, step, static_cast<float*>(y));
}

AddRow row_loop(DType dtype) {
  AddRow loop = dtype == DType::F32 ? add_floats : nullptr;
  visit_dtype<double, Half, BFloat16, uint8_t, uint16_t, uint32_t, uint64_t, bool, std::complex<float>,
              std::complex<double>>(dtype, [&]<class T>() { loop = add_row<T>; });
  // Two's complement: signed sums are unsigned ones, without overflow.
  visit_dtype<int8_t, int16_t, int32_t, int64_t>(dtype, [&]<class T>() { loop = add_row<std::make_unsigned_t<T>>; });
  return loop;
}

void run_cpu(const Window& op, const Operands& io) {
  const WindowGeometry g = geometry(op, io);
  const AddRow add = row_loop(io.in(0).dtype());
  const int64_t width = bit_width(io.in(0).dtype()) / 8;
  const int64_t plane_bytes = g.inputs() * width, outputs = g.outputs();
  const int64_t planes = io.out(0).shape()[0] * io.out(0).shape()[1];
  const int64_t stride = g.axes[g.rank - 1].stride;
  const auto* x = static_cast<const std::byte*>(io.in(0).raw());
  auto* y = static_cast<std::byte*>(io.out(0).mutable_raw());
  std::memset(y, 0, static_cast<size_t>(planes * plane_bytes));
  for (int64_t plane = 0; plane < planes; ++plane, y += plane_bytes) {
    SpatialIndex k{};
    do {
      for_each_output_run(g, k, [&](int64_t position, int64_t offset, int64_t count) {
        add(x + position * width, y + offset * width, count, stride);
      });
      x += outputs * width;
    } while (next_position(k, g, g.rank, &WindowAxis::kernel));
  }
}

}  // namespace

MICA_OP(Col2Im, 18) {
  return op<Window>()
      .attribute("dilations", &Window::dilations)
      .attribute("pads", &Window::pads)
      .attribute("strides", &Window::strides)
      .input("input", types::numeric | types::complex | types::boolean)
      .input("image_shape", types::int64)
      .input("block_shape", types::int64)
      .output("output")
      .prepare<check_window>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
