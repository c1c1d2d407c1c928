// ConcatFromSequence, ai.onnx 11: joins the tensors of a sequence along an axis, a new one when new_axis is 1.
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct ConcatFromSequence {
  int64_t axis = 0;
  bool new_axis = false;
};

void infer(const ConcatFromSequence& op, InferContext& ctx) {
  const ValueType element = element_type(ctx, 0);
  if (!element.is_tensor()) return;
  if (!element.dims) return ctx.set(0, element.dtype);
  Dims dims = *element.dims;
  const size_t axis = ctx.axis(op.axis, dims.size() + (op.new_axis ? 1 : 0));
  if (op.new_axis) {
    dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), ctx.unknown());
  } else {
    dims[axis] = ctx.unknown();
  }
  ctx.set(0, element.dtype, std::move(dims));
}

void run_cpu(const ConcatFromSequence& op, const Operands& io) {
  io.set(0, join_tensors(io, sequence_items(io, 0), op.axis, op.new_axis));
}

}  // namespace

MICA_OP(ConcatFromSequence, 11) {
  return op<ConcatFromSequence>()
      .input("input_sequence")
      .output("concat_result")
      .required("axis", &ConcatFromSequence::axis)
      .attribute("new_axis", &ConcatFromSequence::new_axis)
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
