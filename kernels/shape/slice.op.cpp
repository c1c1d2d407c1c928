// Slice, ai.onnx 1: the elements start, start+step, ... before end of each axis, as numpy slices them. Bounds are
// attributes in version 1, inputs from 10 on.
#include <algorithm>
#include <limits>

#include "kernels/op.h"
#include "kernels/shape/copies.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct Slice {
  std::vector<int64_t> starts, ends;
  std::optional<std::vector<int64_t>> axes;
};

struct Range {
  int64_t start, count;
};

int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

// What [start:end:step] takes of an axis with `dim` elements; `step` is not 0.
Range resolve_range(int64_t start, int64_t end, int64_t step, int64_t dim) {
  const int64_t low = step > 0 ? 0 : -1;  // where a walk may begin or stop, on the left and
  const int64_t high = low + dim;         // on the right
  const auto place = [&](int64_t i) { return std::clamp(i < 0 ? saturating_add(i, dim) : i, low, high); };
  const int64_t from = place(start);
  const int64_t span = step > 0 ? place(end) - from : from - place(end);
  if (span <= 0) return {0, 0};
  // |step| - 1, which does not overflow for the least number
  const int64_t gap = step > 0 ? step - 1 : -(step + 1);
  return {from, gap >= span ? 1 : (span + gap) / (gap + 1)};
}

enum class Sign { Negative, NotNegative, Unknown };

Sign sign(const Dim& dim) {
  if (dim.is_constant()) return dim.value() < 0 ? Sign::Negative : Sign::NotNegative;
  if (dim.lower_bound().value_or(-1) >= 0) return Sign::NotNegative;
  return (-dim).lower_bound().value_or(0) > 0 ? Sign::Negative : Sign::Unknown;
}

// Exporters write the largest int32 or int64 for "to the end".
bool is_endless(const Dim& dim) {
  return dim.is_constant() && dim.value() >= std::numeric_limits<int32_t>::max();
}

// The size of [start:end] with step 1, by the signs of the bounds; nullopt when these are not known.
std::optional<Dim> unit_step_size(const Dim& start, const Dim& end, const Dim& dim) {
  const Sign of_start = sign(start);
  const Sign of_end = sign(end);
  if (of_start == Sign::Unknown || of_end == Sign::Unknown) return std::nullopt;
  if (of_start == Sign::NotNegative) {
    if (is_endless(start)) return Dim(0);
    if (is_endless(end)) return max(dim - start, 0);
    return max((of_end == Sign::NotNegative ? min(end, dim) : dim + end) - start, 0);
  }
  if (start.is_constant() && start.value() < -std::numeric_limits<int32_t>::max()) return unit_step_size(0, end, dim);
  if (is_endless(end)) return min(-start, dim);
  if (of_end == Sign::Negative) return max(min(end - start, dim + end), 0);
  return max(min(end, dim) - max(dim + start, 0), 0);
}

Dim sliced(const InferContext& ctx, const Dim& start, const Dim& end, const Dim& step, const Dim& dim) {
  if (step.is(0)) ctx.fail("step is 0");
  if (start.is_constant() && end.is_constant() && step.is_constant() && dim.is_constant()) {
    return resolve_range(start.value(), end.value(), step.value(), dim.value()).count;
  }
  if (!step.is_constant()) return ctx.unknown();
  if (step.value() < 0) {
    const bool everything = end.is_constant() && end.value() <= -std::numeric_limits<int32_t>::max();
    const bool from_last = start.is(-1) || is_endless(start);
    const bool simple = everything && from_last && step.value() > -std::numeric_limits<int32_t>::max();
    return simple ? ceil_div(dim, -step.value()) : ctx.unknown();
  }
  const auto size = unit_step_size(start, end, dim);
  return size ? ceil_div(*size, step) : ctx.unknown();
}

struct Bounds {
  Dims starts, ends, steps;
  std::vector<int64_t> axes;
};

std::vector<int64_t> first_axes(size_t count) {
  std::vector<int64_t> axes(count);
  for (size_t i = 0; i < count; ++i) axes[i] = static_cast<int64_t>(i);
  return axes;
}

std::optional<Bounds> bounds(const Slice& op, const InferContext& ctx) {
  Bounds b;
  if (ctx.inputs() == 1) {
    b.starts.assign(op.starts.begin(), op.starts.end());
    b.ends.assign(op.ends.begin(), op.ends.end());
    b.axes = op.axes.value_or(first_axes(b.starts.size()));
  } else {
    auto length = vector_length(ctx, 1, "starts");
    if (!length) length = vector_length(ctx, 2, "ends");
    if (!length || *length > static_cast<int64_t>(Shape::kMaxRank)) return std::nullopt;
    const auto axes = ctx.has(3) ? ctx.integers(3) : first_axes(static_cast<size_t>(*length));
    if (!axes) return std::nullopt;
    const auto read = [&](size_t input) {
      auto contents = ctx.contents(input);
      return contents ? *contents : unknown_dims(ctx, axes->size());
    };
    b = {read(1), read(2), ctx.has(4) ? read(4) : Dims(axes->size(), 1), *axes};
    // Of bounds that are not known not even the sign is; an unknown step makes all of the axis unknown.
    if (!ctx.contents(1) || !ctx.contents(2)) b.steps = unknown_dims(ctx, axes->size());
  }
  if (b.steps.empty()) b.steps = Dims(b.axes.size(), 1);
  if (b.starts.size() != b.axes.size() || b.ends.size() != b.axes.size() || b.steps.size() != b.axes.size()) {
    ctx.fail("starts, ends, axes and steps have different lengths: " + std::to_string(b.starts.size()) + ", " +
             std::to_string(b.ends.size()) + ", " + std::to_string(b.axes.size()) + ", " +
             std::to_string(b.steps.size()));
  }
  return b;
}

// The walk that slices axis axes[i] by [starts[i]:...:steps[i]]; `to` has the sliced dims.
StridedCopy walk(const Shape& from, const Shape& to, std::span<const int64_t> starts, std::span<const int64_t> steps) {
  const auto strides = from.strides();
  const auto targets = to.strides();
  int64_t offset = 0;
  for (size_t i = 0; i < from.rank(); ++i) offset += to[i] > 0 ? starts[i] * strides[i] : 0;
  StridedCopy copy(offset);
  for (size_t i = 0; i < from.rank(); ++i) copy.add(to[i], to[i] > 1 ? strides[i] * steps[i] : 0, targets[i]);
  return copy;
}

void slice_contents(InferContext& ctx, const Bounds& b, std::span<const size_t> axes, const Dims& dims) {
  const auto from = to_shape(dims);
  if (!from || !ctx.contents(0)) return;
  std::vector<int64_t> starts(from->rank(), 0), steps(from->rank(), 1);
  Shape to = *from;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!b.starts[i].is_constant() || !b.ends[i].is_constant() || !b.steps[i].is_constant()) return;
    const auto range = resolve_range(b.starts[i].value(), b.ends[i].value(), b.steps[i].value(), to[axes[i]]);
    starts[axes[i]] = range.start;
    steps[axes[i]] = b.steps[i].value();
    to[axes[i]] = range.count;
  }
  copy_contents(ctx, 0, walk(*from, to, starts, steps));
}

void infer(const Slice& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  const auto b = bounds(op, ctx);
  if (!b) return ctx.set(0, ctx.dtype(0), unknown_dims(ctx, dims->size()));
  const auto axes = distinct_axes(ctx, b->axes, dims->size());
  Dims result = *dims;
  for (size_t i = 0; i < axes.size(); ++i) {
    result[axes[i]] = sliced(ctx, b->starts[i], b->ends[i], b->steps[i], (*dims)[axes[i]]);
  }
  slice_contents(ctx, *b, axes, *dims);
  ctx.set(0, ctx.dtype(0), std::move(result));
}

void run_cpu(const Slice& op, const Operands& io) {
  slice_copy(&op, io).run(io, io.in(0), io.out(0));
}

OpBuilder<Slice> slice() {
  return op<Slice>().input("data", types::any).output("output").infer<infer>().cpu<run_cpu>();
}

}  // namespace

StridedCopy slice_copy(const void* params, const Operands& io) {
  const auto& op = *static_cast<const Slice*>(params);
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  const bool inputs = io.inputs() > 1;
  const int64_t count = inputs ? io.in(1).elements() : static_cast<int64_t>(op.starts.size());
  for (size_t i = 1; i < io.inputs(); ++i) {
    if (io.has(i)) check_integers(io.in(i), count, "each of starts, ends, axes and steps");
  }
  const auto at = [&](size_t input, int64_t i, int64_t otherwise) {
    return io.has(input) ? integer_at(io.in(input), i) : otherwise;
  };
  Shape to = shape;
  std::array<int64_t, Shape::kMaxRank> starts{}, steps{};
  steps.fill(1);
  for (int64_t i = 0; i < count; ++i) {
    const size_t k = static_cast<size_t>(i);
    const int64_t given = inputs ? at(3, i, i) : op.axes ? op.axes->at(k) : i;
    const size_t axis = normalize_axis(given, shape.rank());
    steps[axis] = at(4, i, 1);
    if (steps[axis] == 0) bad_input("step is 0");
    const auto range = inputs ? resolve_range(at(1, i, 0), at(2, i, 0), steps[axis], shape[axis])
                              : resolve_range(op.starts[k], op.ends.at(k), 1, shape[axis]);
    starts[axis] = range.start;
    to[axis] = range.count;
  }
  if (to != io.out(0).shape()) bad_input("slice of " + x.str() + " is " + to.str() + ", not " + io.out(0).str());
  return walk(shape, to, starts, steps);
}

MICA_OP(Slice, 10) {
  return slice()
      .input("starts", types::index)
      .input("ends", types::index)
      .optional_input("axes", types::index)
      .optional_input("steps", types::index);
}

MICA_OP(Slice, 1) {
  return slice().required("starts", &Slice::starts).required("ends", &Slice::ends).attribute("axes", &Slice::axes);
}

}  // namespace mica
