// Concat, ai.onnx 4: joins tensors along one axis. Before version 4 the axis is 1 unless given.
#include <cstring>

#include "kernels/op.h"

namespace mica {
namespace {

struct Concat {
  int64_t axis = 1;
};

// Contents are followed for vectors: shapes are put together that way.
void infer_contents(InferContext& ctx) {
  Dims joined;
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    const auto part = ctx.contents(i);
    if (!part) return;
    joined.insert(joined.end(), part->begin(), part->end());
  }
  ctx.set_contents(0, std::move(joined));
}

void infer(const Concat& op, InferContext& ctx) {
  const DType dtype = ctx.dtype(0);
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    same_dtype(ctx, 0, i);
    if (ctx.dims(i) == nullptr) return ctx.set(0, dtype);
  }
  Dims dims = *ctx.dims(0);
  const size_t axis = ctx.axis(op.axis, dims.size());
  for (size_t i = 1; i < ctx.inputs(); ++i) {
    const Dims& other = *ctx.dims(i);
    if (other.size() != dims.size()) ctx.fail("ranks differ: " + str(*ctx.dims(0)) + " and " + str(other));
    for (size_t d = 0; d < dims.size(); ++d) {
      dims[d] = d == axis ? dims[d] + other[d] : ctx.merge(dims[d], other[d], "dims of axis " + std::to_string(d));
    }
  }
  if (dims.size() == 1) infer_contents(ctx);
  ctx.set(0, dtype, std::move(dims));
}

// A part that lies where the output does is in its place already: a state that is lengthened.
template <class Copy>
void join(const Operands& io, size_t axis, Copy&& copy) {
  const Shape& shape = io.out(0).shape();
  const int64_t rows = shape.elements(0, axis);
  const int64_t whole = shape.elements(axis, shape.rank());
  const int64_t pitch = io.out(0).pitch() != 0 ? io.out(0).pitch() : whole;
  int64_t offset = 0;
  for (size_t i = 0; i < io.inputs(); ++i) {
    const Shape& part = io.in(i).shape();
    const int64_t width = part.elements(axis, part.rank());
    if (part.elements(0, axis) != rows || offset + width > whole) bad_input("dims besides the axis differ");
    const bool in_place = i == 0 && io.in(0).raw() == io.out(0).raw();
    for (int64_t row = 0; row < rows && !in_place; ++row) copy(i, row * width, row * pitch + offset, width);
    offset += width;
  }
}

void run_cpu(const Concat& op, const Operands& io) {
  Tensor& y = io.out(0);
  const size_t axis = normalize_axis(op.axis, y.shape().rank());
  if (y.dtype() == DType::String) {
    join(io, axis, [&](size_t i, int64_t from, int64_t to, int64_t count) {
      std::copy_n(io.in(i).data<std::string>() + from, count, y.mutable_data<std::string>() + to);
    });
    return;
  }
  const int64_t size = bit_width(y.dtype()) / 8;
  join(io, axis, [&](size_t i, int64_t from, int64_t to, int64_t count) {
    if (count == 0) return;
    std::memcpy(y.mutable_data<char>() + to * size, io.in(i).data<char>() + from * size,
                static_cast<size_t>(count * size));
  });
}

int64_t axis_of(const Concat& op) {
  return op.axis;
}

OpBuilder<Concat> concat() {
  return op<Concat>()
      .variadic_input("inputs", types::any)
      .output("concat_result")
      .infer<infer>()
      .appends<axis_of>(0, 0)
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(Concat, 4) {
  return concat().required("axis", &Concat::axis);
}

MICA_OP(Concat, 1) {
  return concat().attribute("axis", &Concat::axis);
}

}  // namespace mica
