// ReverseSequence, ai.onnx 10: reverses the first sequence_lens[i] steps of batch element i.
#include "kernels/shape/reverse_sequence.h"

#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

void prepare(ReverseSequence& op, const NodeFacts&) {
  if (op.batch_axis + op.time_axis != 1 || op.batch_axis * op.time_axis != 0) {
    throw Error(ErrorCode::InvalidModel, "batch_axis and time_axis must be 0 and 1, in either order");
  }
}

void infer(const ReverseSequence& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  const Dims* dims = ctx.dims(0);
  const Dims* lengths = ctx.dims(1);
  if (dims != nullptr && dims->size() < 2) ctx.fail("the input must have batch and time, not be " + str(*dims));
  if (lengths != nullptr && lengths->size() != 1) ctx.fail("sequence_lens must be a vector, not " + str(*lengths));
  if (dims == nullptr || lengths == nullptr) return;
  ctx.merge((*dims)[static_cast<size_t>(op.batch_axis)], lengths->front(), "batch sizes of input and sequence_lens");
}

}  // namespace

ReverseExtent reverse_extent(const ReverseSequence& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2) bad_input("the input must have batch and time, not be " + x.str());
  const int64_t batch = shape[static_cast<size_t>(op.batch_axis)];
  const int64_t time = shape[static_cast<size_t>(op.time_axis)];
  const int64_t width = shape.elements(2, shape.rank());
  check_integers(io.in(1), batch, "sequence_lens");
  return {batch, time, width, op.batch_axis == 0 ? time * width : width, op.batch_axis == 0 ? width : batch * width};
}

namespace {

void run_cpu(const ReverseSequence& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const ReverseExtent e = reverse_extent(op, io);
  const ElementMoves& moves = moves_of(x.dtype());
  const void* from = load(io, x);
  void* to = stage(io, io.out(0));
  for (int64_t b = 0; b < e.batch; ++b) {
    const int64_t length = integer_at(io.in(1), b);
    if (length < 0 || length > e.time) {
      bad_input("sequence_lens has " + std::to_string(length) + ", beyond the " + std::to_string(e.time) + " steps");
    }
    for (int64_t t = 0; t < e.time; ++t) {
      const int64_t source = t < length ? length - 1 - t : t;
      moves.copy(moves.at(from, b * e.batch_stride + source * e.time_stride), e.width,
                 moves.at(to, b * e.batch_stride + t * e.time_stride));
    }
  }
  store(to, io.out(0));
}

}  // namespace

MICA_OP(ReverseSequence, 10) {
  return op<ReverseSequence>()
      .input("input", types::any)
      .input("sequence_lens", types::int64)
      .output("Y")
      .attribute("batch_axis", &ReverseSequence::batch_axis)
      .attribute("time_axis", &ReverseSequence::time_axis)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
