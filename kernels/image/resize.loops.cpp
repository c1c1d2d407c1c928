#include "kernels/image/resize.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "backends/cpu/thread_pool.h"
#include "kernels/wide.h"

namespace mica {
namespace {

/// floor(dim * scale), with the product in float as exporters and the ONNX checker compute it.
Dim scaled(const InferContext& ctx, const Dim& dim, float scale) {
  if (!(scale > 0) || scale > 1e9f) ctx.fail("scale " + std::to_string(scale) + " is not positive");
  if (scale == std::floor(scale)) return dim * static_cast<int64_t>(scale);
  if (dim.is_constant()) return static_cast<int64_t>(std::floor(static_cast<float>(dim.value()) * scale));
  const float inverse = 1 / scale;
  if (inverse == std::floor(inverse) && inverse < 1e9f) return floor_div(dim, static_cast<int64_t>(inverse));
  return ctx.unknown();
}

void scale_dims(const Resize& op, const InferContext& ctx, std::span<const float> scales, Dims& dims) {
  const size_t count = op.axes.empty() ? dims.size() : op.axes.size();
  if (scales.size() != count) {
    ctx.fail(std::to_string(scales.size()) + " scales are given for " + std::to_string(count) + " axes");
  }
  for (size_t i = 0; i < count; ++i) {
    Dim& dim = dims[op.axes.empty() ? i : ctx.axis(op.axes[i], dims.size())];
    dim = scaled(ctx, dim, scales[i]);
  }
}

void size_dims(const Resize& op, const InferContext& ctx, const Dims& sizes, Dims& dims) {
  const size_t count = op.axes.empty() ? dims.size() : op.axes.size();
  if (sizes.size() != count) {
    ctx.fail(std::to_string(sizes.size()) + " sizes are given for " + std::to_string(count) + " axes");
  }
  const auto axis = [&](size_t i) { return op.axes.empty() ? i : ctx.axis(op.axes[i], dims.size()); };
  double smallest = std::numeric_limits<double>::infinity(), largest = 0;
  bool known = true;
  for (size_t i = 0; i < count; ++i) {
    if (sizes[i].is_constant() && sizes[i].value() < 0) ctx.fail("size " + sizes[i].str() + " is negative");
    const Dim& dim = dims[axis(i)];
    known = known && dim.is_constant() && dim.value() > 0 && sizes[i].is_constant();
    if (!known) continue;
    const double scale = static_cast<double>(sizes[i].value()) / static_cast<double>(dim.value());
    smallest = std::min(smallest, scale);
    largest = std::max(largest, scale);
  }
  const double scale = op.policy == Resize::Policy::NotLarger ? smallest : largest;
  for (size_t i = 0; i < count; ++i) {
    Dim& dim = dims[axis(i)];
    if (op.policy == Resize::Policy::Stretch) {
      dim = sizes[i];
    } else if (!known) {
      dim = ctx.unknown();
    } else {
      const double size = std::floor(scale * static_cast<double>(dim.value()) + 0.5);
      if (size > 0x1p40) ctx.fail("the resized dim would be " + std::to_string(size));
      dim = static_cast<int64_t>(size);
    }
  }
}

/// Number of elements of a vector input; 0 when absent, nullopt when not known.
std::optional<int64_t> length(const InferContext& ctx, size_t input) {
  if (!ctx.has(input)) return 0;
  const Dims* dims = ctx.dims(input);
  return dims != nullptr && dims->size() == 1 ? (*dims)[0].constant() : std::nullopt;
}

/// y = x along one axis: [outer, axis.input, inner] to [outer, axis.output, inner].
template <class A>
void resample(const Resize& op, const ResizedAxis& axis, const ResizeFilter& filter, const A* x, A* y, int64_t outer,
              int64_t inner) {
  for (int64_t o = 0; o < outer; ++o, x += axis.input * inner) {
    for (int64_t at = 0; at < axis.output; ++at, y += inner) {
      const float* weights = filter.weights + at * filter.taps;
      if (std::isnan(weights[0])) {
        std::fill_n(y, inner, static_cast<A>(op.extrapolation_value));
        continue;
      }
      std::fill_n(y, inner, A{});
      for (int64_t tap = 0; tap < filter.taps; ++tap) {
        if (weights[tap] == 0) continue;
        const A weight = static_cast<A>(weights[tap]);
        const A* from = x + std::clamp<int64_t>(filter.first[at] + tap, 0, axis.input - 1) * inner;
        for (int64_t i = 0; i < inner; ++i) y[i] += weight * from[i];
      }
    }
  }
}

template <class T, class A>
T narrowed(A value) {
  if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    const A rounded = std::nearbyint(value);
    if (!(rounded > static_cast<A>(Limits::lowest()))) return Limits::lowest();
    if (rounded >= static_cast<A>(Limits::max())) return Limits::max();
    return static_cast<T>(rounded);
  } else {
    return static_cast<T>(value);
  }
}

template <class T>
void interpolate(const Resize& op, const Operands& io) {
  using A = std::conditional_t<std::is_integral_v<T>, double, Wide<T>>;
  const Shape& shape = io.in(0).shape();
  const auto axes = resized_axes(op, io);
  if (io.out(0).elements() == 0) return;
  Shape dims = shape;
  int64_t largest = shape.elements();
  for (size_t d = 0; d < shape.rank(); ++d) {
    dims[d] = axes[d].output;
    const auto between = checked_elements(dims.dims());
    if (!between)
      throw Error(ErrorCode::InvalidArgument, "resized along some axes the tensor is too large: " + dims.str());
    largest = std::max(largest, *between);
  }
  A* from = io.scratch<A>(largest);
  A* to = io.scratch<A>(largest);
  std::transform(io.in(0).data<T>(), io.in(0).data<T>() + shape.elements(), from,
                 [](T x) { return static_cast<A>(x); });
  dims = shape;
  for (size_t d = 0; d < shape.rank(); ++d) {
    if (axes[d].identity()) continue;
    resample(op, axes[d], make_filter(op, axes[d], io), from, to, dims.elements(0, d),
             dims.elements(d + 1, dims.rank()));
    dims[d] = axes[d].output;
    std::swap(from, to);
  }
  std::transform(from, from + io.out(0).elements(), io.out(0).mutable_data<T>(), [](A x) { return narrowed<T, A>(x); });
}

template <class T>
T extrapolated(float value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    return narrowed<T, double>(value);
  } else if constexpr (std::is_constructible_v<T, float>) {
    return static_cast<T>(value);
  } else {
    return T{};
  }
}

template <class T>
void pick_nearest(const Resize& op, const Operands& io) {
  const Shape& shape = io.out(0).shape();
  const size_t rank = shape.rank();
  const auto axes = resized_axes(op, io);
  if (shape.elements() == 0) return;
  std::array<int64_t*, Shape::kMaxRank> offsets{};  // of the picked element along each axis, or -1
  const auto strides = io.in(0).shape().strides();
  for (size_t d = 0; d < rank; ++d) {
    offsets[d] = io.scratch<int64_t>(shape[d]);
    for (int64_t x = 0; x < shape[d]; ++x) {
      const int64_t from = axes[d].identity() ? x : nearest_element(op.coordinates, op.rounding, axes[d], x);
      offsets[d][x] = from < 0 ? -1 : from * strides[d];
    }
  }
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  if (rank == 0) {
    *y = *x;
    return;
  }
  const int64_t width = shape.back();
  const int64_t* inner = offsets[rank - 1];
  const bool whole = axes[rank - 1].identity();
  const T outside = extrapolated<T>(op.extrapolation_value);
  io.threads().parallel_for(shape.elements(0, rank - 1), 1 + 32768 / width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t base = 0, rest = row;
      bool inside = true;
      for (size_t d = rank - 1; d-- > 0; rest /= shape[d]) {
        const int64_t offset = offsets[d][rest % shape[d]];
        inside = inside && offset >= 0;
        base += offset;
      }
      T* to = y + row * width;
      if (!inside) {
        std::fill_n(to, width, outside);
      } else if (whole) {
        std::copy_n(x + base, width, to);
      } else {
        for (int64_t i = 0; i < width; ++i) to[i] = inner[i] >= 0 ? x[base + inner[i]] : outside;
      }
    }
  });
}

}  // namespace

void infer_resize(const Resize& op, InferContext& ctx) {
  const DType dtype = ctx.dtype(0);
  if (ctx.dims(0) == nullptr) return ctx.set(0, dtype);
  Dims dims = *ctx.dims(0);
  const size_t count = op.axes.empty() ? dims.size() : op.axes.size();
  const auto forget = [&] {
    for (size_t i = 0; i < count; ++i) dims[op.axes.empty() ? i : ctx.axis(op.axes[i], dims.size())] = ctx.unknown();
  };
  const Tensor* scales = ctx.constant(op.scales_input);
  const auto scale_count = length(ctx, op.scales_input);
  const auto size_count = length(ctx, op.sizes_input);
  if (op.height_scale != 0) {
    if (dims.size() != 4) ctx.fail("the input " + str(dims) + " must have rank 4");
    dims[2] = scaled(ctx, dims[2], op.height_scale);
    dims[3] = scaled(ctx, dims[3], op.width_scale);
  } else if (!op.scales.empty()) {
    scale_dims(op, ctx, op.scales, dims);
  } else if (scales != nullptr && scales->elements() > 0) {
    scale_dims(op, ctx, scales->as<float>(), dims);
  } else if (size_count && *size_count > 0 && (scales != nullptr || scale_count == 0)) {
    const auto sizes = ctx.contents(op.sizes_input);
    if (sizes)
      size_dims(op, ctx, *sizes, dims);
    else
      forget();
  } else if (scale_count == 0 && size_count == 0) {
    ctx.fail("neither scales nor sizes are given");
  } else {
    forget();
  }
  ctx.set(0, dtype, std::move(dims));
}

void run_resize(const Resize& op, const Operands& io) {
  const DType dtype = io.in(0).dtype();
  if (op.mode == Resize::Mode::Nearest) {
    visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
                bool, std::string, std::complex<float>, std::complex<double>>(
        dtype, [&]<class T>() { pick_nearest<T>(op, io); });
    return;
  }
  const bool done = visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t,
                                uint32_t, uint64_t>(dtype, [&]<class T>() { interpolate<T>(op, io); });
  if (!done) bad_input("elements of type " + std::string(name(dtype)) + " cannot be interpolated");
}

}  // namespace mica
