#include "kernels/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "backends/cpu/thread_pool.h"
#include "kernels/image/resample.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/wide_numbers.h"

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

ResizeFilter make_filter(const Resize& op, const ResizedAxis& axis, const Operands& io) {
  const ResizeFilterForm form = filter_form(op);
  const int64_t taps = checked_taps(form, axis);
  ResizeFilter filter{taps, io.scratch<int64_t>(axis.output), io.scratch<int64_t>(axis.output * taps),
                      io.scratch<float>(axis.output * taps)};
  for (int64_t x = 0; x < axis.output; ++x) {
    float* weights = filter.weights + x * taps;
    int64_t* places = filter.places + x * taps;
    const int64_t first = form.weigh(axis, x, weights);
    int64_t used = std::isnan(weights[0]) ? -1 : 0;
    for (int64_t tap = 0; used >= 0 && tap < taps; ++tap) {
      if (weights[tap] == 0) continue;
      places[used] = std::clamp<int64_t>(first + tap, 0, axis.input - 1);
      weights[used++] = weights[tap];
    }
    filter.used[x] = used;
  }
  return filter;
}

// In type A.
template <class A>
void interpolate(const Resize& op, const Operands& io) {
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
  widen_numbers(io.in(0).dtype(), io.in(0).raw(), dtype_of<A>, from, shape.elements());
  dims = shape;
  for (size_t d = 0; d < shape.rank(); ++d) {
    if (axes[d].identity()) continue;
    resample(make_filter(op, axes[d], io), axes[d], op.extrapolation_value, from, to, dims.elements(0, d),
             dims.elements(d + 1, dims.rank()));
    dims[d] = axes[d].output;
    std::swap(from, to);
  }
  narrow_numbers(dtype_of<A>, from, WideRounding::Nearest, io.out(0).dtype(), io.out(0).mutable_raw(),
                 io.out(0).elements());
}

// What stands outside of a cropped region, as one element.
struct Outside {
  alignas(16) std::byte number[16] = {};
  std::string text;

  const void* of(DType dtype, float value) {
    if (dtype == DType::String) return &text;
    const double wide = static_cast<double>(value);
    if (dtype == DType::C64) {
      std::memcpy(number, &value, sizeof(value));
    } else if (dtype == DType::C128) {
      std::memcpy(number, &wide, sizeof(wide));
    } else if (types::numeric.contains(dtype) || dtype == DType::Bool) {
      narrow_numbers(DType::F64, &wide, WideRounding::Nearest, dtype, number, 1);
    }
    return number;
  }
};

void pick_nearest(const Resize& op, const Operands& io) {
  const Shape& shape = io.out(0).shape();
  const size_t rank = shape.rank();
  const auto axes = resized_axes(op, io);
  if (shape.elements() == 0) return;
  const ElementMoves& moves = moves_of(io.in(0).dtype());
  const void* x = load(io, io.in(0));
  void* y = stage(io, io.out(0));
  std::array<int64_t*, Shape::kMaxRank> offsets{};  // of the picked element along each axis, or -1
  const auto strides = io.in(0).shape().strides();
  for (size_t d = 0; d < rank; ++d) {
    offsets[d] = io.scratch<int64_t>(shape[d]);
    for (int64_t i = 0; i < shape[d]; ++i) {
      const int64_t from = axes[d].identity() ? i : nearest_element(op.coordinates, op.rounding, axes[d], i);
      offsets[d][i] = from < 0 ? -1 : from * strides[d];
    }
  }
  const int64_t width = rank == 0 ? 1 : shape.back();
  const bool whole = rank == 0 || axes[rank - 1].identity();
  // Along an axis, places move evenly: those inside are neighbours.
  int64_t inside_begin = 0, inside_end = width;
  if (!whole) {
    while (inside_begin < width && offsets[rank - 1][inside_begin] < 0) ++inside_begin;
    while (inside_end > inside_begin && offsets[rank - 1][inside_end - 1] < 0) --inside_end;
  }
  Outside value;
  const void* outside = value.of(io.in(0).dtype(), op.extrapolation_value);
  io.threads().parallel_for(shape.elements() / width, 1 + 32768 / width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t base = 0, rest = row;
      bool inside = true;
      for (size_t d = rank; d-- > 1; rest /= shape[d - 1]) {
        const int64_t offset = offsets[d - 1][rest % shape[d - 1]];
        inside = inside && offset >= 0;
        base += offset;
      }
      std::byte* to = moves.at(y, row * width);
      if (!inside) {
        moves.fill(outside, width, to);
      } else if (whole) {
        moves.copy(moves.at(x, base), width, to);
      } else {
        moves.fill(outside, inside_begin, to);
        moves.gather(moves.at(x, base), offsets[rank - 1] + inside_begin, inside_end - inside_begin, 1,
                     moves.at(to, inside_begin));
        moves.fill(outside, width - inside_end, moves.at(to, inside_end));
      }
    }
  });
  store(y, io.out(0));
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
  if (op.mode == Resize::Mode::Nearest) return pick_nearest(op, io);
  if (!types::numeric.contains(dtype)) {
    bad_input("elements of type " + std::string(name(dtype)) + " cannot be interpolated");
  }
  wide_type(dtype) == DType::F64 ? interpolate<double>(op, io) : interpolate<float>(op, io);
}

}  // namespace mica
