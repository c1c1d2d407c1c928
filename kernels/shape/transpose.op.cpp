// Transpose, ai.onnx 1: axis i of the output is axis perm[i] of the input; all axes reversed when perm is not given.
#include "kernels/op.h"
#include "kernels/shape/copies.h"

namespace mica {
namespace {

struct Transpose {
  std::vector<int64_t> perm;
  bool reversed = true;  ///< no perm given
};

void prepare(Transpose& op, const NodeFacts&) {
  op.reversed = op.perm.empty();
  uint64_t seen = 0;
  for (const int64_t axis : op.perm) {
    const int64_t rank = static_cast<int64_t>(op.perm.size());
    if (axis < 0 || axis >= rank || rank > 64 || (seen >> axis & 1) != 0) {
      throw Error(ErrorCode::InvalidModel,
                  "attribute \"perm\" is no permutation of the axes: " + str(Dims(op.perm.begin(), op.perm.end())));
    }
    seen |= uint64_t{1} << axis;
  }
}

size_t source_axis(const Transpose& op, size_t axis, size_t rank) {
  return op.reversed ? rank - 1 - axis : static_cast<size_t>(op.perm[axis]);
}

StridedCopy permutation(const Transpose& op, const Shape& from) {
  const size_t rank = from.rank();
  const auto strides = from.strides();
  Shape to = from;
  for (size_t i = 0; i < rank; ++i) to[i] = from[source_axis(op, i, rank)];
  const auto targets = to.strides();
  StridedCopy copy;
  for (size_t i = 0; i < rank; ++i) copy.add(to[i], strides[source_axis(op, i, rank)], targets[i]);
  return copy;
}

void infer(const Transpose& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) {
    if (op.reversed) return ctx.set(0, ctx.dtype(0));
    Dims unknown;
    for (size_t i = 0; i < op.perm.size(); ++i) unknown.push_back(ctx.unknown());
    return ctx.set(0, ctx.dtype(0), std::move(unknown));
  }
  if (!op.reversed && op.perm.size() != dims->size()) {
    ctx.fail("perm has " + std::to_string(op.perm.size()) + " axes, the input " + str(*dims) + " has " +
             std::to_string(dims->size()));
  }
  if (const auto shape = to_shape(*dims)) copy_contents(ctx, 0, permutation(op, *shape));
  Dims result;
  for (size_t i = 0; i < dims->size(); ++i) result.push_back((*dims)[source_axis(op, i, dims->size())]);
  ctx.set(0, ctx.dtype(0), std::move(result));
}

void run_cpu(const Transpose& op, const Operands& io) {
  transpose_copy(&op, io).run(io, io.in(0), io.out(0));
}

}  // namespace

StridedCopy transpose_copy(const void* params, const Operands& io) {
  const auto& op = *static_cast<const Transpose*>(params);
  const Shape& shape = io.in(0).shape();
  if ((!op.reversed && op.perm.size() != shape.rank()) || io.out(0).elements() != shape.elements()) {
    bad_input("cannot transpose " + io.in(0).str() + " into " + io.out(0).str());
  }
  return permutation(op, shape);
}

MICA_OP(Transpose, 1) {
  return op<Transpose>()
      .input("data", types::any)
      .output("transposed")
      .attribute("perm", &Transpose::perm)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
