// Split, ai.onnx 1: cuts a tensor along one axis into as many pieces as the node has outputs. Sizes are an attribute
// (versions 1 and 2) or an input (1 and from 13 on); without them the pieces are equal, and from version 18 on the last
// one may be smaller.
#include <algorithm>

#include "kernels/op.h"
#include "kernels/shape/copies.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct Split {
  int64_t axis = 0;
  std::vector<int64_t> split;
  std::optional<int64_t> num_outputs;
  bool uneven = false;  ///< the last of equal pieces may be smaller
  size_t outputs = 0;
};

void prepare(Split& op, const NodeFacts& facts) {
  op.outputs = facts.outputs;
  if (op.num_outputs && *op.num_outputs != static_cast<int64_t>(facts.outputs)) {
    throw Error(ErrorCode::InvalidModel, "num_outputs is " + std::to_string(*op.num_outputs) + ", the node has " +
                                             std::to_string(facts.outputs) + " outputs");
  }
}

Dims equal_parts(const Split& op, const InferContext& ctx, const Dim& whole) {
  const int64_t count = static_cast<int64_t>(op.outputs);
  if (const auto part = exact_div(whole, count)) return Dims(op.outputs, *part);
  if (!op.uneven) {
    if (!whole.is_constant()) return Dims(op.outputs, floor_div(whole, count));
    ctx.fail("cannot split " + whole.str() + " into " + std::to_string(count) + " equal parts");
  }
  const Dim part = ceil_div(whole, count);
  const Dim last = whole - part * Dim(count - 1);
  if (last.is_constant() && last.value() < 0) {
    ctx.fail("cannot split " + whole.str() + " into " + std::to_string(count) + " parts of " + part.str());
  }
  Dims parts(op.outputs, part);
  parts.back() = last;
  return parts;
}

Dims given_parts(const Split& op, const InferContext& ctx, const Dim& whole, const Dims& sizes) {
  if (sizes.size() != op.outputs) {
    ctx.fail("split has " + std::to_string(sizes.size()) + " sizes for " + std::to_string(op.outputs) + " outputs");
  }
  Dim sum;
  for (const Dim& size : sizes) {
    if (size.is_constant() && size.value() < 0) ctx.fail("split has a negative size: " + str(sizes));
    sum = sum + size;
  }
  if (sum.is_constant() && whole.is_constant() && !(sum == whole)) {
    ctx.fail("split " + str(sizes) + " adds up to " + sum.str() + ", the axis has " + whole.str());
  }
  return sizes;
}

std::optional<Dims> parts(const Split& op, const InferContext& ctx, const Dim& whole) {
  if (ctx.has(1)) {
    const auto sizes = ctx.contents(1);
    if (!sizes) return std::nullopt;
    return given_parts(op, ctx, whole, *sizes);
  }
  if (!op.split.empty()) return given_parts(op, ctx, whole, Dims(op.split.begin(), op.split.end()));
  return equal_parts(op, ctx, whole);
}

StridedCopy piece(const Shape& from, size_t axis, int64_t begin, int64_t size) {
  const int64_t width = from.elements(axis + 1, from.rank());
  StridedCopy copy(begin * width);
  copy.add(from.elements(0, axis), from[axis] * width, size * width);
  copy.add(size * width, 1, 1);
  return copy;
}

void infer(const Split& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  for (size_t i = 0; i < op.outputs; ++i) ctx.set(i, ctx.dtype(0));
  if (dims == nullptr) return;
  const size_t axis = ctx.axis(op.axis, dims->size());
  const auto sizes = parts(op, ctx, (*dims)[axis]);
  const auto shape = to_shape(*dims);
  int64_t begin = 0;
  bool placed = shape.has_value() && sizes.has_value();
  for (size_t i = 0; i < op.outputs; ++i) {
    Dims part = *dims;
    part[axis] = sizes ? (*sizes)[i] : ctx.unknown();
    placed = placed && part[axis].is_constant();
    if (placed) {
      copy_contents(ctx, 0, piece(*shape, axis, begin, part[axis].value()), i);
      begin += part[axis].value();
    }
    ctx.set(i, ctx.dtype(0), std::move(part));
  }
}

// The sizes are those of the outputs; one that nobody wants still takes its place, so they are read again.
int64_t size_of_part(const Split& op, const Operands& io, size_t output, int64_t whole) {
  if (io.has(1)) return integer_at(io.in(1), static_cast<int64_t>(output));
  if (!op.split.empty()) return op.split[output];
  const int64_t count = static_cast<int64_t>(op.outputs);
  return (whole + count - 1) / count;  // a smaller last one has nothing behind it
}

void run_cpu(const Split& op, const Operands& io) {
  split_copies(&op, io, [&](size_t i, const StridedCopy& copy) { copy.run(io, io.in(0), io.out(i)); });
}

OpBuilder<Split> split(bool uneven = false) {
  Split prototype;
  prototype.uneven = uneven;
  return op<Split>(prototype)
      .input("input", types::any)
      .variadic_output("outputs")
      .attribute("axis", &Split::axis)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

void split_copies(const void* params, const Operands& io, FunctionRef<void(size_t, const StridedCopy&)> copy_part) {
  const auto& op = *static_cast<const Split*>(params);
  const Tensor& x = io.in(0);
  const size_t axis = normalize_axis(op.axis, x.shape().rank());
  const int64_t whole = x.shape()[axis];
  if (io.has(1)) check_integers(io.in(1), static_cast<int64_t>(op.outputs), "split");
  int64_t begin = 0;
  for (size_t i = 0; i < op.outputs; ++i) {
    int64_t size = size_of_part(op, io, i, whole);
    if (!op.uneven || i + 1 < op.outputs || io.has(1)) {
      if (size < 0 || size > whole - begin) bad_input("parts do not fit into " + x.str());
    } else {
      size = whole - begin;
    }
    if (io.wants(i)) {
      const StridedCopy copy = piece(x.shape(), axis, begin, size);
      if (copy.elements() != io.out(i).elements()) bad_input("part " + std::to_string(i) + " is not as planned");
      copy_part(i, copy);
    }
    begin += size;
  }
}

MICA_OP(Split, 18) {
  return split(true).optional_input("split", types::int64).attribute("num_outputs", &Split::num_outputs);
}

MICA_OP(Split, 13) {
  return split().optional_input("split", types::int64);
}

MICA_OP(Split, 2) {
  return split().attribute("split", &Split::split);
}

MICA_OP(Split, 1) {
  return split().optional_input("split").attribute("split", &Split::split);
}

}  // namespace mica
