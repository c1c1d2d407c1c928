// MaxUnpool, ai.onnx 9, 11, 22: puts X where the indices I of a MaxPool say, zeros elsewhere. The indices count in a
// tensor of the dims (d - 1) * stride - pads + kernel; output_shape may make the result larger, with zeros at the end.
#include "kernels/conv/window.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

template <class D>
D unpooled(const Window& w, size_t i, const D& dim) {
  const size_t rank = w.kernel_shape.size();
  const int64_t stride = w.strides.empty() ? 1 : w.strides[i];
  const int64_t pads = w.pads.empty() ? 0 : w.pads[i] + w.pads[i + rank];
  return (dim - 1) * stride + (w.kernel_shape[i] - pads);
}

void check(Window& op, const NodeFacts& facts) {
  check_window(op, facts);
  const size_t rank = op.kernel_shape.size();
  if ((!op.strides.empty() && op.strides.size() != rank) || (!op.pads.empty() && op.pads.size() != 2 * rank)) {
    throw Error(ErrorCode::InvalidModel, "strides or pads do not have the rank of kernel_shape");
  }
}

void infer(const Window& op, InferContext& ctx) {
  const DType dtype = ctx.dtype(0);
  const Dims* x = ctx.dims(0);
  if (x != nullptr && x->size() != op.kernel_shape.size() + 2) {
    ctx.fail("the input " + str(*x) + " does not have the rank of kernel_shape and 2");
  }
  if (ctx.has(2)) {
    auto shape = ctx.contents(2);
    if (shape && shape->size() != op.kernel_shape.size() + 2)
      ctx.fail("output_shape " + str(*shape) + " has another rank");
    if (shape) return ctx.set(0, dtype, shape);
    Dims dims;
    for (size_t i = 0; i < op.kernel_shape.size() + 2; ++i) dims.push_back(ctx.unknown());
    return ctx.set(0, dtype, std::move(dims));
  }
  if (x == nullptr) return ctx.set(0, dtype);
  Dims dims{(*x)[0], (*x)[1]};
  for (size_t i = 0; i < op.kernel_shape.size(); ++i) dims.push_back(unpooled(op, i, (*x)[i + 2]));
  ctx.set(0, dtype, std::move(dims));
}

void unpool(const Window& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  const Shape& out = io.out(0).shape();
  Shape inner{shape[0], shape[1]};
  for (size_t i = 0; i < op.kernel_shape.size(); ++i)
    inner.push_back(std::max<int64_t>(unpooled(op, i, shape[i + 2]), 0));
  const auto strides = out.strides();
  const int64_t limit = checked_elements(inner.dims()).value_or(0);
  const ElementMoves& moves = moves_of(io.in(0).dtype());
  void* y = io.out(0).mutable_raw();
  moves.clear(io.out(0).elements(), y);
  const int64_t* indices = io.in(1).data<int64_t>();
  for (int64_t i = 0; i < io.in(0).elements(); ++i) {
    if (indices[i] < 0 || indices[i] >= limit) {
      bad_input("index " + std::to_string(indices[i]) + " is outside the unpooled tensor " + inner.str());
    }
    int64_t rest = indices[i];
    int64_t place = 0;
    bool inside = true;
    for (size_t axis = inner.rank(); axis-- > 0; rest /= inner[axis]) {
      const int64_t at = rest % inner[axis];
      inside = inside && at < out[axis];
      place += at * strides[axis];
    }
    if (inside) moves.scatter(moves.at(io.in(0).raw(), i), &place, 1, 1, y);
  }
}

void run_cpu(const Window& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  if (x != io.in(1).shape() || x.rank() != op.kernel_shape.size() + 2 || io.out(0).shape().rank() != x.rank()) {
    bad_input("X " + x.str() + ", I " + io.in(1).shape().str() + " and the output " + io.out(0).shape().str() +
              " do not fit");
  }
  unpool(op, io);
}

OpBuilder<Window> max_unpool(DTypeSet types) {
  return op<Window>()
      .required("kernel_shape", &Window::kernel_shape)
      .attribute("strides", &Window::strides)
      .attribute("pads", &Window::pads)
      .input("X", types)
      .input("I", types::int64)
      .optional_input("output_shape", types::int64)
      .output("output")
      .prepare<check>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(MaxUnpool, 22) {
  return max_unpool(types::floats);
}

MICA_OP(MaxUnpool, 9) {
  return max_unpool(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
